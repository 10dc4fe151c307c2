package lb.core.config;

import java.util.Collection;

/// Whom a listener lets in.
///
///     in deny   allow                   permitted
///     yes       any                     no
///     no        empty                   yes
///     no        contains the address    yes
///     no        contains other ones     no
///
/// Threading: immutable; a question allocates nothing.
public final class AddressRules {

    private final CidrSet allow;
    private final CidrSet deny;

    /// @param allow if not empty, only these networks are let in
    /// @param deny refused, also when `allow` has them
    public AddressRules(Collection<Cidr> allow, Collection<Cidr> deny) {
        this.allow = new CidrSet(allow);
        this.deny = new CidrSet(deny);
    }

    /// Networks that are let in; empty for all.
    public CidrSet allow() {
        return allow;
    }

    /// Networks that are refused.
    public CidrSet deny() {
        return deny;
    }

    /// Whether a peer may come in.
    ///
    /// @param address 4 or 16 bytes in network order; see [CidrSet#contains]
    public boolean permits(byte[] address) {
        return !deny.contains(address) && (allow.isEmpty() || allow.contains(address));
    }
}
