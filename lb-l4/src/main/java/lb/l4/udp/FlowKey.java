package lb.l4.udp;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import lb.core.balance.FlowHash;
import lb.core.config.BalanceConfig.HashKey;
import lb.l4.linux.Datagrams;
import lb.l4.linux.ReceiveBatch;
import lb.l4.tcp.LocalAddress;

/// What tells one flow of a socket from another: the client's address and port, and the address that it used. Addresses
/// are two longs as [ReceiveBatch] gives them.
///
/// Threading: immutable.
///
/// @param scope the interface of a link-local client, or 0
/// @param localLow with `localHigh`, 0 on a socket that is bound to one address
record FlowKey(int hash, boolean isIpv6, long clientHigh, long clientLow, int clientPort, int scope, long localHigh,
        long localLow) {

    /// The key of a datagram that was received.
    static FlowKey of(ReceiveBatch in, int slot, int hash) {
        return new FlowKey(hash, in.isIpv6(slot), in.peerHigh(slot), in.peerLow(slot), in.peerPort(slot),
                in.peerScope(slot), in.localHigh(slot), in.localLow(slot));
    }

    /// @param seed nobody outside knows it, so that nobody can choose addresses that fall on each other
    static int hash(long seed, ReceiveBatch in, int slot) {
        long hash = mix(seed ^ in.peerLow(slot));
        hash = mix(hash ^ in.peerHigh(slot) ^ (long) in.peerPort(slot) << 40);
        hash = mix(hash ^ in.localLow(slot) ^ in.localHigh(slot) * 31);
        return (int) (hash >>> 32);
    }

    /// The finalizer of MurmurHash3.
    static long mix(long value) {
        long mixed = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ mixed >>> 33;
    }

    boolean matches(ReceiveBatch in, int slot) {
        return clientLow == in.peerLow(slot) && clientPort == in.peerPort(slot) && clientHigh == in.peerHigh(slot)
                && localLow == in.localLow(slot) && localHigh == in.localHigh(slot);
    }

    /// 4 or 16 bytes.
    byte[] clientAddress() {
        return bytes(clientHigh, clientLow);
    }

    InetSocketAddress client() {
        return LocalAddress.socketAddress(clientAddress(), clientPort);
    }

    boolean hasLocal() {
        return (localHigh | localLow) != 0;
    }

    /// The address that the client used: what it sent to, or what the socket is bound to.
    InetSocketAddress local(LocalAddress bound) {
        return hasLocal()
                ? LocalAddress.socketAddress(bytes(localHigh, localLow), bound.port())
                : bound.socketAddress();
    }

    /// The hash of the part of the flow that `key` names.
    long flowHash(HashKey key, LocalAddress bound) {
        InetSocketAddress local = local(bound);
        return FlowHash.of(key, Datagrams.IPPROTO_UDP, clientAddress(), clientPort, local.getAddress().getAddress(),
                local.getPort());
    }

    private byte[] bytes(long high, long low) {
        if (isIpv6) {
            return ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putLong(high).putLong(low).array();
        }
        return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt((int) low).array();
    }
}
