package lb.core.config;

import java.util.Collection;
import lb.core.config.CidrTable.Verdict;

/// Whom a listener lets in. The longest prefix that contains an address decides; a network that both lists have is
/// refused. What is in neither list is let in unless there is an `allow`.
///
///     longest prefix in    only allowed ones    permitted
///     allow                any                  yes
///     deny, or both        any                  no
///     neither              no                   yes
///     neither              yes                  no
///
/// Threading: immutable; a question allocates nothing.
public final class AddressRules {

    private final CidrTable table;
    private final boolean isOnlyAllowed;

    /// @param allow if not empty, only these networks are let in
    /// @param deny refused, but for longer prefixes in `allow`
    public AddressRules(Collection<Cidr> allow, Collection<Cidr> deny) {
        this(allow, deny, !allow.isEmpty());
    }

    /// @param isOnlyAllowed whether there is an allow-list, which may be empty: a file whose last line was taken out must
    ///     not open the door to everybody
    public AddressRules(Collection<Cidr> allow, Collection<Cidr> deny, boolean isOnlyAllowed) {
        this.table = new CidrTable(allow, deny);
        this.isOnlyAllowed = isOnlyAllowed;
    }

    /// Whether a peer may come in.
    ///
    /// @param address see [CidrTable#of(byte[])]
    public boolean permits(byte[] address) {
        return permits(table.of(address));
    }

    /// The same of an address as numbers, see [CidrTable#of(boolean,long,long)].
    public boolean permits(boolean isIpv4, long high, long low) {
        return permits(table.of(isIpv4, high, low));
    }

    private boolean permits(Verdict verdict) {
        return verdict == Verdict.ALLOW || (verdict == Verdict.NONE && !isOnlyAllowed);
    }
}
