package lb.l4.linux;

import static lb.l4.linux.Datagrams.CMSG_HEADER_BYTES;
import static lb.l4.linux.Datagrams.CONTROL;
import static lb.l4.linux.Datagrams.CONTROL_BYTES;
import static lb.l4.linux.Datagrams.CONTROL_LENGTH;
import static lb.l4.linux.Datagrams.FLAGS;
import static lb.l4.linux.Datagrams.IOV;
import static lb.l4.linux.Datagrams.IOV_BYTES;
import static lb.l4.linux.Datagrams.IOV_LENGTH;
import static lb.l4.linux.Datagrams.MESSAGE_BYTES;
import static lb.l4.linux.Datagrams.MESSAGE_LENGTH;
import static lb.l4.linux.Datagrams.NAME;
import static lb.l4.linux.Datagrams.NAME_BYTES;
import static lb.l4.linux.Datagrams.NAME_LENGTH;

/// Room for the datagrams that one recvmmsg takes, laid out once: each of its slots holds the largest datagram whole.
///
/// A slot may hold several datagrams that the kernel has joined (UDP_GRO): all of [#segmentBytes] bytes, but for the
/// last one, which may be shorter. Addresses are given as two longs that hold the bytes as they lie in memory; an IPv4
/// address has 0 in the first and its four bytes in the low half of the second.
///
/// Threading: confined to one thread.
public final class ReceiveBatch {

    /// Above 64 KiB, and such that equal offsets of the slots do not meet in the same lines of a cache.
    private static final int SLOT_BYTES = (64 << 10) + 66 * 64;

    private final Datagrams calls = new Datagrams();
    private final int slots;
    private final boolean hasAddresses;
    private final long messages;
    private final long names;
    private final long controls;
    private final long payload;
    /// Bytes at the beginning of each slot that were read already.
    private final int[] consumed;
    /// Slots that have taken a datagram since they were made ready: only these have to be again.
    private final boolean[] isFilled;

    /// @param slots datagrams that one call may take, at least 1
    /// @param hasAddresses whether the peer's address and the local one are asked for; a connected socket knows them
    public ReceiveBatch(int slots, boolean hasAddresses) {
        this.slots = slots;
        this.consumed = new int[slots];
        this.isFilled = new boolean[slots];
        this.hasAddresses = hasAddresses;
        long perSlot = MESSAGE_BYTES + IOV_BYTES + NAME_BYTES + CONTROL_BYTES;
        messages = Linux.malloc(perSlot * slots);
        NativeMemory.clear(messages, perSlot * slots);
        long iovs = messages + (long) MESSAGE_BYTES * slots;
        names = iovs + (long) IOV_BYTES * slots;
        controls = names + (long) NAME_BYTES * slots;
        // Not cleared: pages that no datagram reaches are never touched.
        payload = Linux.malloc((long) SLOT_BYTES * slots);
        for (int i = 0; i < slots; i++) {
            long iov = iovs + (long) IOV_BYTES * i;
            NativeMemory.putLong(iov, start(i));
            NativeMemory.putLong(iov + 8, 64 << 10);
            long message = message(i);
            NativeMemory.putLong(message + NAME, hasAddresses ? name(i) : 0);
            NativeMemory.putLong(message + IOV, iov);
            NativeMemory.putLong(message + IOV_LENGTH, 1);
            NativeMemory.putLong(message + CONTROL, control(i));
            makeReady(i);
        }
    }

    public int slots() {
        return slots;
    }

    /// Receives what there is, into slots from `first` on.
    ///
    /// @param most datagrams, at least 1; with `first` at most [#slots]
    /// @return how many slots were filled, or `-errno`; fewer than `most` means that the socket was empty
    public int receive(int fd, int first, int most) {
        for (int i = first; i < first + most; i++) {
            if (isFilled[i]) {
                makeReady(i);
            }
        }
        int received = calls.recvmmsg(fd, message(first), most);
        for (int i = first; i < first + received; i++) {
            isFilled[i] = true;
        }
        return received;
    }

    /// The kernel has written over what says how much room there is.
    private void makeReady(int slot) {
        long message = message(slot);
        if (hasAddresses) {
            NativeMemory.putInt(message + NAME_LENGTH, NAME_BYTES);
        }
        NativeMemory.putLong(message + CONTROL_LENGTH, CONTROL_BYTES);
        consumed[slot] = 0;
        isFilled[slot] = false;
    }

    /// The address of a slot's bytes.
    public long buffer(int slot) {
        return start(slot) + consumed[slot];
    }

    /// Bytes in a slot, 0 for an empty datagram.
    public int length(int slot) {
        return NativeMemory.getInt(message(slot) + MESSAGE_LENGTH) - consumed[slot];
    }

    /// A byte of a slot, 0 to 255.
    ///
    /// @param index below [#length]
    public int octet(int slot, int index) {
        return NativeMemory.getByte(buffer(slot) + index) & 0xFF;
    }

    /// Takes bytes off the beginning of a slot.
    ///
    /// @param bytes at most [#length]
    public void consume(int slot, int bytes) {
        consumed[slot] += bytes;
    }

    private long start(int slot) {
        return payload + (long) SLOT_BYTES * slot;
    }

    /// Whether the datagram was larger than a slot, which UDP does not allow.
    public boolean isTruncated(int slot) {
        return (NativeMemory.getInt(message(slot) + FLAGS) & Datagrams.MSG_TRUNC) != 0;
    }

    /// Bytes of each datagram in a slot that holds several; 0 for a slot that holds one.
    public int segmentBytes(int slot) {
        long at = find(slot, Datagrams.IPPROTO_UDP, Datagrams.UDP_GRO);
        if (at == 0) {
            return 0;
        }
        int bytes = NativeMemory.getInt(at);
        return bytes > 0 && bytes < length(slot) ? bytes : 0;
    }

    /// Datagrams in a slot, at least 1.
    public int datagrams(int slot) {
        int segment = segmentBytes(slot);
        return segment == 0 ? 1 : (length(slot) + segment - 1) / segment;
    }

    public boolean isIpv6(int slot) {
        return NativeMemory.getShort(name(slot)) == Linux.AF_INET6;
    }

    /// The first half of the peer's address.
    public long peerHigh(int slot) {
        return isIpv6(slot) ? NativeMemory.getLong(name(slot) + 8) : 0;
    }

    /// The second half of the peer's address.
    public long peerLow(int slot) {
        return isIpv6(slot)
                ? NativeMemory.getLong(name(slot) + 16)
                : Integer.toUnsignedLong(NativeMemory.getInt(name(slot) + 4));
    }

    /// The peer's port, 0 to 65535.
    public int peerPort(int slot) {
        return NativeMemory.getPort(name(slot) + 2);
    }

    /// The interface that a link-local peer is on; 0 for others.
    public int peerScope(int slot) {
        return isIpv6(slot) ? NativeMemory.getInt(name(slot) + 24) : 0;
    }

    /// Where the local address lies that an answer has to come from; 0 if the socket was not asked to tell, or if it is
    /// none that can be answered from.
    private long localAt(int slot) {
        if (!isIpv6(slot)) {
            long at = find(slot, Linux.IPPROTO_IP, Datagrams.IP_PKTINFO);
            return at == 0 ? 0 : at + 4;
        }
        long at = find(slot, Linux.IPPROTO_IPV6, Datagrams.IPV6_PKTINFO);
        boolean isMulticast = at != 0 && (NativeMemory.getShort(at) & 0xFF) == 0xFF;
        return isMulticast ? 0 : at;
    }

    /// The first half of the address that the datagram was sent to; 0 if it is not known.
    public long localHigh(int slot) {
        if (!isIpv6(slot)) {
            return 0;
        }
        long at = localAt(slot);
        return at == 0 ? 0 : NativeMemory.getLong(at);
    }

    /// The second half of the address that the datagram was sent to; 0 if it is not known.
    public long localLow(int slot) {
        long at = localAt(slot);
        if (at == 0) {
            return 0;
        }
        return isIpv6(slot) ? NativeMemory.getLong(at + 8) : Integer.toUnsignedLong(NativeMemory.getInt(at));
    }

    /// Where the data of a control message lies, or 0.
    private long find(int slot, int level, int type) {
        long at = control(slot);
        long end = at + NativeMemory.getLong(message(slot) + CONTROL_LENGTH);
        while (at + CMSG_HEADER_BYTES <= end) {
            long length = NativeMemory.getLong(at);
            if (length < CMSG_HEADER_BYTES) {
                return 0;
            }
            if (NativeMemory.getInt(at + 8) == level && NativeMemory.getInt(at + 12) == type) {
                return at + CMSG_HEADER_BYTES;
            }
            at += (length + 7) & ~7;
        }
        return 0;
    }

    /// Frees the memory. Nothing may be called afterwards.
    public void close() {
        Linux.free(messages);
        Linux.free(payload);
    }

    private long message(int slot) {
        return messages + (long) MESSAGE_BYTES * slot;
    }

    private long name(int slot) {
        return names + (long) NAME_BYTES * slot;
    }

    private long control(int slot) {
        return controls + (long) CONTROL_BYTES * slot;
    }
}
