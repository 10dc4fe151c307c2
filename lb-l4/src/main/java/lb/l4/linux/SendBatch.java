package lb.l4.linux;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

import static lb.l4.linux.Datagrams.CMSG_HEADER_BYTES;
import static lb.l4.linux.Datagrams.CONTROL;
import static lb.l4.linux.Datagrams.CONTROL_BYTES;
import static lb.l4.linux.Datagrams.CONTROL_LENGTH;
import static lb.l4.linux.Datagrams.IOV;
import static lb.l4.linux.Datagrams.IOV_BYTES;
import static lb.l4.linux.Datagrams.IOV_LENGTH;
import static lb.l4.linux.Datagrams.MESSAGE_BYTES;
import static lb.l4.linux.Datagrams.NAME;
import static lb.l4.linux.Datagrams.NAME_BYTES;
import static lb.l4.linux.Datagrams.NAME_LENGTH;

/// Datagrams that one sendmmsg sends, laid out once. Those that follow each other, are of one owner and have equal
/// sizes become one message that the kernel takes apart again (UDP_SEGMENT).
///
/// Addresses are given as [ReceiveBatch] gives them.
///
/// Threading: confined to one thread.
public final class SendBatch {

    /// The kernel's most, UDP_MAX_SEGMENTS of older versions.
    private static final int MAX_SEGMENTS = 64;
    /// Datagrams beyond what one Ethernet frame carries are left alone: the kernel would refuse to make segments of them.
    private static final int MAX_SEGMENT_BYTES = 1472;
    private static final int MAX_JOINED_BYTES = 65_000;

    private final Datagrams calls = new Datagrams();
    private final int capacity;
    private final boolean joins;
    private final long messages;
    private final long iovs;
    private final long names;
    private final long controls;
    private final @Nullable Object[] owners;
    /// Bytes of each datagram of a message; 0 where nothing can be joined.
    private final int[] segmentBytes;
    private final int[] lengths;
    private final int[] datagrams;
    private final int[] firstPieces;
    /// Control bytes of a message before those that segment it.
    private final int[] plainControlBytes;
    private int count;
    private int pieces;
    private boolean isLastOpen;

    /// @param capacity datagrams that it takes at a time, at least 1
    /// @param joins whether the kernel knows [Datagrams#UDP_SEGMENT]
    public SendBatch(int capacity, boolean joins) {
        this.capacity = capacity;
        this.joins = joins;
        // One more, to send the parts of a message one by one.
        int all = capacity + 1;
        long perMessage = MESSAGE_BYTES + IOV_BYTES + NAME_BYTES + CONTROL_BYTES;
        messages = Linux.malloc(perMessage * all);
        NativeMemory.clear(messages, perMessage * all);
        iovs = messages + (long) MESSAGE_BYTES * all;
        names = iovs + (long) IOV_BYTES * all;
        controls = names + (long) NAME_BYTES * all;
        owners = new Object[all];
        segmentBytes = new int[all];
        lengths = new int[all];
        datagrams = new int[all];
        firstPieces = new int[all];
        plainControlBytes = new int[all];
    }

    /// Messages that were added.
    public int count() {
        return count;
    }

    public boolean isFull() {
        return pieces == capacity;
    }

    /// Datagrams in a message.
    public int datagrams(int message) {
        return datagrams[message];
    }

    /// Bytes of a message.
    public int length(int message) {
        return lengths[message];
    }

    /// How many pieces were added before a message's first.
    public int firstPiece(int message) {
        return firstPieces[message];
    }

    public @Nullable Object owner(int message) {
        return owners[message];
    }

    /// Whether the kernel has to take the message apart.
    public boolean isJoined(int message) {
        return datagrams[message] > 1;
    }

    /// Starts anew; what was added is forgotten.
    public void clear() {
        Arrays.fill(owners, 0, count, null);
        count = 0;
        pieces = 0;
        isLastOpen = false;
    }

    /// Adds a piece to the last message, if it is of the same owner and the sizes allow it.
    ///
    /// @param length bytes, 0 to 65527
    /// @param segment bytes of each datagram in it, or 0 if it is one
    /// @return whether it was added; otherwise [#add] adds it
    public boolean join(Object owner, long buffer, int length, int segment) {
        if (!isLastOpen || owners[count - 1] != owner) {
            return false;
        }
        int last = count - 1;
        int size = segmentBytes[last];
        int added = segment == 0 ? 1 : (length + segment - 1) / segment;
        boolean fits = segment == 0 ? length > 0 && length <= size : segment == size;
        if (!fits || lengths[last] + length > MAX_JOINED_BYTES || datagrams[last] + added > MAX_SEGMENTS) {
            return false;
        }
        piece(buffer, length);
        long message = message(last);
        NativeMemory.putLong(message + IOV_LENGTH, NativeMemory.getLong(message + IOV_LENGTH) + 1);
        lengths[last] += length;
        datagrams[last] += added;
        isLastOpen = length % size == 0;
        return true;
    }

    /// Adds a message for a connected socket. See [#join].
    public void add(Object owner, long buffer, int length, int segment) {
        int index = count++;
        firstPieces[index] = pieces;
        long message = message(index);
        NativeMemory.putLong(message + NAME, 0);
        NativeMemory.putInt(message + NAME_LENGTH, 0);
        NativeMemory.putLong(message + IOV, iov(pieces));
        NativeMemory.putLong(message + IOV_LENGTH, 1);
        piece(buffer, length);
        owners[index] = owner;
        lengths[index] = length;
        plainControlBytes[index] = 0;
        int size = segment == 0 ? length : segment;
        segmentBytes[index] = size;
        datagrams[index] = segment == 0 ? 1 : (length + segment - 1) / segment;
        isLastOpen = joins && size > 0 && size <= MAX_SEGMENT_BYTES && length % size == 0;
    }

    /// Says where the last message goes.
    ///
    /// @param port 0 to 65535
    /// @param scope the interface of a link-local address, or 0
    public void to(boolean isIpv6, long high, long low, int port, int scope) {
        long name = name(count - 1);
        NativeMemory.putShort(name, isIpv6 ? Linux.AF_INET6 : Linux.AF_INET);
        NativeMemory.putPort(name + 2, port);
        if (isIpv6) {
            NativeMemory.putInt(name + 4, 0);
            NativeMemory.putLong(name + 8, high);
            NativeMemory.putLong(name + 16, low);
            NativeMemory.putInt(name + 24, scope);
        } else {
            NativeMemory.putInt(name + 4, (int) low);
            NativeMemory.putLong(name + 8, 0);
        }
        NativeMemory.putLong(message(count - 1) + NAME, name);
        NativeMemory.putInt(message(count - 1) + NAME_LENGTH, isIpv6 ? 28 : 16);
    }

    /// Says which of the machine's addresses the last message comes from.
    ///
    /// @param scope the interface of a link-local address, or 0
    public void from(boolean isIpv6, long high, long low, int scope) {
        long control = control(count - 1);
        if (isIpv6) {
            header(control, 20, Linux.IPPROTO_IPV6, Datagrams.IPV6_PKTINFO);
            NativeMemory.putLong(control + 16, high);
            NativeMemory.putLong(control + 24, low);
            NativeMemory.putInt(control + 32, scope);
            plainControlBytes[count - 1] = 40;
        } else {
            header(control, 12, Linux.IPPROTO_IP, Datagrams.IP_PKTINFO);
            NativeMemory.putInt(control + 16, 0);
            NativeMemory.putInt(control + 20, (int) low);
            NativeMemory.putInt(control + 24, 0);
            plainControlBytes[count - 1] = 32;
        }
    }

    /// Sends messages from `first` on.
    ///
    /// @return how many were sent, at least 1, or `-errno`, which is of the first
    public int send(int fd, int first) {
        for (int i = first; i < count; i++) {
            long control = control(i);
            int controlBytes = plainControlBytes[i];
            if (isJoined(i)) {
                header(control + controlBytes, 2, Datagrams.IPPROTO_UDP, Datagrams.UDP_SEGMENT);
                NativeMemory.putShort(control + controlBytes + CMSG_HEADER_BYTES, segmentBytes[i]);
                controlBytes += 24;
            }
            control(message(i), control, controlBytes);
        }
        return calls.sendmmsg(fd, message(first), count - first);
    }

    /// Sends the datagrams of one message one by one, where the kernel would not take them joined.
    ///
    /// @param skipped datagrams at its beginning that were sent already
    /// @return how many were sent of the others, or `-errno` if the first could not be
    public int sendApart(int fd, int index, int skipped) {
        long single = message(capacity);
        long singleIov = iov(capacity);
        long from = message(index);
        NativeMemory.putLong(single + NAME, NativeMemory.getLong(from + NAME));
        NativeMemory.putInt(single + NAME_LENGTH, NativeMemory.getInt(from + NAME_LENGTH));
        NativeMemory.putLong(single + IOV, singleIov);
        NativeMemory.putLong(single + IOV_LENGTH, 1);
        control(single, control(index), plainControlBytes[index]);
        int sent = 0;
        int seen = 0;
        long pieceCount = NativeMemory.getLong(from + IOV_LENGTH);
        for (int piece = firstPieces[index]; piece < firstPieces[index] + pieceCount; piece++) {
            long buffer = NativeMemory.getLong(iov(piece));
            int length = (int) NativeMemory.getLong(iov(piece) + 8);
            for (int at = 0; at < length; at += segmentBytes[index]) {
                if (seen++ < skipped) {
                    continue;
                }
                NativeMemory.putLong(singleIov, buffer + at);
                NativeMemory.putLong(singleIov + 8, Math.min(segmentBytes[index], length - at));
                int result = calls.sendmmsg(fd, single, 1);
                if (result < 0) {
                    return sent == 0 ? result : sent;
                }
                sent++;
            }
        }
        return sent;
    }

    /// Frees the memory. Nothing may be called afterwards.
    public void close() {
        Linux.free(messages);
    }

    private void piece(long buffer, int length) {
        NativeMemory.putLong(iov(pieces), buffer);
        NativeMemory.putLong(iov(pieces) + 8, length);
        pieces++;
    }

    private static void header(long at, int dataBytes, int level, int type) {
        NativeMemory.putLong(at, CMSG_HEADER_BYTES + dataBytes);
        NativeMemory.putInt(at + 8, level);
        NativeMemory.putInt(at + 12, type);
    }

    private static void control(long message, long control, int bytes) {
        NativeMemory.putLong(message + CONTROL, bytes == 0 ? 0 : control);
        NativeMemory.putLong(message + CONTROL_LENGTH, bytes);
    }

    private long message(int index) {
        return messages + (long) MESSAGE_BYTES * index;
    }

    private long iov(int piece) {
        return iovs + (long) IOV_BYTES * piece;
    }

    private long name(int index) {
        return names + (long) NAME_BYTES * index;
    }

    private long control(int index) {
        return controls + (long) CONTROL_BYTES * index;
    }
}
