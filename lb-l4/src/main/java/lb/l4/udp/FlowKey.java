package lb.l4.udp;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import lb.core.config.AddressRules;
import lb.core.config.CidrSet;
import lb.l4.linux.ReceiveBatch;
import lb.l4.tcp.LocalAddress;

/// What tells one flow of a socket from another: the peer's address and port, the address that it used, and a tag. The
/// addresses are two longs each, as [ReceiveBatch] gives them.
///
/// Threading: immutable.
///
/// @param hash of all the others
/// @param scope the interface of a link-local peer, or 0
/// @param localLow with `localHigh`, 0 on a socket that is bound to one address
/// @param tag 0, or what parts flows between the same addresses: another client behind the same proxy, another server
///     of a QUIC connection
record FlowKey(int hash, boolean isIpv6, long peerHigh, long peerLow, int peerPort, int scope, long localHigh,
        long localLow, long tag) {

    /// The key of a datagram that was received.
    static FlowKey of(ReceiveBatch in, int slot, long tag, int hash) {
        return new FlowKey(hash, in.isIpv6(slot), in.peerHigh(slot), in.peerLow(slot), in.peerPort(slot),
                in.peerScope(slot), in.localHigh(slot), in.localLow(slot), tag);
    }

    /// @param seed nobody outside knows it, so that nobody can choose addresses that fall on each other
    static int hash(long seed, ReceiveBatch in, int slot, long tag) {
        return hash(seed, in.peerHigh(slot), in.peerLow(slot), in.peerPort(slot), in.localHigh(slot), in.localLow(slot),
                tag);
    }

    private static int hash(long seed, long peerHigh, long peerLow, int peerPort, long localHigh, long localLow,
            long tag) {
        long hash = mix(seed ^ tag ^ peerLow);
        hash = mix(hash ^ peerHigh ^ (long) peerPort << 40);
        hash = mix(hash ^ localLow ^ localHigh * 31);
        return (int) (hash >>> 32);
    }

    /// The same key where hashes have another seed.
    FlowKey rehashed(long seed) {
        return new FlowKey(hash(seed, peerHigh, peerLow, peerPort, localHigh, localLow, tag), isIpv6, peerHigh, peerLow,
                peerPort, scope, localHigh, localLow, tag);
    }

    /// The finalizer of MurmurHash3.
    static long mix(long value) {
        long mixed = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ mixed >>> 33;
    }

    boolean matches(ReceiveBatch in, int slot, long otherTag) {
        return peerLow == in.peerLow(slot) && peerPort == in.peerPort(slot) && peerHigh == in.peerHigh(slot)
                && (!isIpv6 || scope == in.peerScope(slot)) && tag == otherTag && localLow == in.localLow(slot)
                && localHigh == in.localHigh(slot);
    }

    /// Whether the sender of a datagram lies in one of the networks. Allocates nothing.
    static boolean isIn(CidrSet networks, ReceiveBatch in, int slot) {
        return networks.contains(!in.isIpv6(slot), high(in, slot), low(in, slot));
    }

    /// Whether the sender of a datagram may come in. Allocates nothing.
    static boolean permits(AddressRules rules, ReceiveBatch in, int slot) {
        return rules.permits(!in.isIpv6(slot), high(in, slot), low(in, slot));
    }

    /// The first 64 bits of the sender's address; an IPv4 address is followed by zeros. Where lb runs, x86-64 and AArch64,
    /// memory is little-endian.
    private static long high(ReceiveBatch in, int slot) {
        return in.isIpv6(slot)
                ? Long.reverseBytes(in.peerHigh(slot))
                : (long) Integer.reverseBytes((int) in.peerLow(slot)) << 32;
    }

    /// The other 64 bits.
    private static long low(ReceiveBatch in, int slot) {
        return in.isIpv6(slot) ? Long.reverseBytes(in.peerLow(slot)) : 0;
    }

    /// 4 or 16 bytes.
    byte[] peerAddress() {
        return bytes(isIpv6, peerHigh, peerLow);
    }

    InetSocketAddress peer() {
        return LocalAddress.socketAddress(peerAddress(), peerPort);
    }

    boolean hasLocal() {
        return (localHigh | localLow) != 0;
    }

    /// The address that the peer used: what it sent to, or what the socket is bound to.
    InetSocketAddress local(LocalAddress bound) {
        return hasLocal()
                ? LocalAddress.socketAddress(bytes(isIpv6, localHigh, localLow), bound.port())
                : bound.socketAddress();
    }

    /// An address of two longs as 4 or 16 bytes.
    static byte[] bytes(boolean isIpv6, long high, long low) {
        if (isIpv6) {
            return ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putLong(high).putLong(low).array();
        }
        return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt((int) low).array();
    }
}
