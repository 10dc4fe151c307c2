package lb.core.config;

import java.util.Collection;
import java.util.List;
import lb.core.config.CidrTable.Verdict;

/// A set of networks, made for asking whether an address lies in any of them: see [CidrTable].
///
/// Threading: immutable; a question allocates nothing.
public final class CidrSet {

    private final CidrTable networks;

    /// Networks may overlap and may be given more than once.
    public CidrSet(Collection<Cidr> networks) {
        this.networks = new CidrTable(networks, List.of());
    }

    /// Whether the set has no network, and so contains no address.
    public boolean isEmpty() {
        return networks.isEmpty();
    }

    /// Whether `address` lies in any of the networks.
    ///
    /// @param address see [CidrTable#of(byte[])]
    public boolean contains(byte[] address) {
        return networks.of(address) == Verdict.ALLOW;
    }

    /// The same of an address as numbers, see [CidrTable#of(boolean,long,long)].
    public boolean contains(boolean isIpv4, long high, long low) {
        return networks.of(isIpv4, high, low) == Verdict.ALLOW;
    }
}
