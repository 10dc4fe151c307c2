package lb.l4.linux;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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
    /// Bytes that may be put before a datagram.
    public static final int MAX_PREFIX_BYTES = 1024;

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
    private final long prefix = Linux.malloc(MAX_PREFIX_BYTES);
    private int prefixBytes;

    /// @param capacity messages that it takes at a time, at least 1
    /// @param joins whether the kernel knows [Datagrams#UDP_SEGMENT]
    public SendBatch(int capacity, boolean joins) {
        this.capacity = capacity;
        this.joins = joins;
        // One more, to send the parts of a message one by one.
        int all = capacity + 1;
        // A datagram has two pieces at most: what is put before it, and itself.
        int allPieces = 2 * all;
        long bytes = (long) (MESSAGE_BYTES + NAME_BYTES + CONTROL_BYTES) * all + (long) IOV_BYTES * allPieces;
        messages = Linux.malloc(bytes);
        NativeMemory.clear(messages, bytes);
        iovs = messages + (long) MESSAGE_BYTES * all;
        names = iovs + (long) IOV_BYTES * allPieces;
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

    /// Whether nothing more can be added.
    public boolean isFull() {
        return count == capacity || pieces + 2 > 2 * capacity;
    }

    /// Datagrams in a message.
    public int datagrams(int message) {
        return datagrams[message];
    }

    /// Bytes of a message, less what was put before its datagrams.
    public int payload(int message) {
        return lengths[message] - datagrams[message] * prefixBytes;
    }

    /// Bytes of one of a message's datagrams, less what was put before it.
    public int payloadOf(int message, int datagram) {
        return bytesOf(message, datagram) - prefixBytes;
    }

    private int bytesOf(int message, int datagram) {
        return Math.min(segmentBytes[message], lengths[message] - datagram * segmentBytes[message]);
    }

    /// Starts anew; what was added is forgotten.
    public void clear() {
        Arrays.fill(owners, 0, count, null);
        count = 0;
        pieces = 0;
        isLastOpen = false;
    }

    /// Puts some bytes before every datagram that is added from now on; those must then be added one by one.
    ///
    /// @param bytes at most [#MAX_PREFIX_BYTES]; not changed while the batch is in use
    public void setPrefix(byte[] bytes) {
        prefixBytes = bytes.length;
        NativeMemory.put(prefix, bytes);
    }

    /// Adds to the last message, if it is of the same owner and the sizes allow it.
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
        int bytes = prefixBytes + length;
        boolean fits = segment == 0 ? bytes > 0 && bytes <= size : segment == size;
        if (!fits || lengths[last] + bytes > MAX_JOINED_BYTES
                || datagrams[last] + count(length, segment) > MAX_SEGMENTS) {
            return false;
        }
        pieces(last, buffer, length);
        lengths[last] += bytes;
        datagrams[last] += count(length, segment);
        isLastOpen = lengths[last] % size == 0;
        return true;
    }

    /// Adds a message for a connected socket. See [#join].
    public void add(Object owner, long buffer, int length, int segment) {
        int index = count++;
        int bytes = prefixBytes + length;
        int size = segment == 0 ? bytes : segment;
        firstPieces[index] = pieces;
        owners[index] = owner;
        lengths[index] = bytes;
        segmentBytes[index] = size;
        datagrams[index] = count(length, segment);
        plainControlBytes[index] = 0;
        long message = message(index);
        NativeMemory.putLong(message + NAME, 0);
        NativeMemory.putInt(message + NAME_LENGTH, 0);
        NativeMemory.putLong(message + IOV, iov(pieces));
        NativeMemory.putLong(message + IOV_LENGTH, 0);
        pieces(index, buffer, length);
        isLastOpen = joins && size > 0 && size <= MAX_SEGMENT_BYTES && bytes % size == 0;
    }

    private static int count(int length, int segment) {
        return segment == 0 ? 1 : (length + segment - 1) / segment;
    }

    private void pieces(int index, long buffer, int length) {
        int before = pieces;
        if (prefixBytes > 0) {
            piece(prefix, prefixBytes);
        }
        piece(buffer, length);
        long message = message(index);
        NativeMemory.putLong(message + IOV_LENGTH, NativeMemory.getLong(message + IOV_LENGTH) + pieces - before);
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
        plainControlBytes[count - 1] = ControlMessages.putSource(control(count - 1), isIpv6, high, low, scope);
    }

    /// Sends messages from `first` on.
    ///
    /// @return how many were sent, at least 1, or `-errno`, which is of the first
    public int send(int fd, int first) {
        for (int i = first; i < count; i++) {
            long control = control(i);
            int controlBytes = plainControlBytes[i];
            if (datagrams[i] > 1) {
                controlBytes += ControlMessages.putSegment(control + controlBytes, segmentBytes[i]);
            }
            control(message(i), control, controlBytes);
        }
        return calls.sendmmsg(fd, message(first), count - first);
    }

    /// Sends one message that [#send] has come to before, and that was not sent.
    ///
    /// @return 1 or `-errno`
    public int sendMessage(int fd, int index) {
        return calls.sendmmsg(fd, message(index), 1);
    }

    /// Sends one datagram of a message by itself, where the kernel would not take them joined.
    ///
    /// @return 1 or `-errno`
    public int sendOne(int fd, int index, int datagram) {
        long single = message(capacity);
        long from = message(index);
        NativeMemory.putLong(single + NAME, NativeMemory.getLong(from + NAME));
        NativeMemory.putInt(single + NAME_LENGTH, NativeMemory.getInt(from + NAME_LENGTH));
        NativeMemory.putLong(single + IOV, iov(2 * capacity));
        control(single, control(index), plainControlBytes[index]);
        int piece = firstPieces[index];
        int offset = datagram * segmentBytes[index];
        while (offset > 0 && offset >= pieceBytes(piece)) {
            offset -= pieceBytes(piece++);
        }
        int missing = bytesOf(index, datagram);
        int parts = 0;
        do {
            int part = Math.min(missing, pieceBytes(piece) - offset);
            NativeMemory.putLong(iov(2 * capacity + parts), NativeMemory.getLong(iov(piece++)) + offset);
            NativeMemory.putLong(iov(2 * capacity + parts) + 8, part);
            parts++;
            missing -= part;
            offset = 0;
        } while (missing > 0);
        NativeMemory.putLong(single + IOV_LENGTH, parts);
        return calls.sendmmsg(fd, single, 1);
    }

    private int pieceBytes(int piece) {
        return (int) NativeMemory.getLong(iov(piece) + 8);
    }

    /// Frees the memory. Nothing may be called afterwards.
    public void close() {
        Linux.free(messages);
        Linux.free(prefix);
    }

    private void piece(long buffer, int length) {
        NativeMemory.putLong(iov(pieces), buffer);
        NativeMemory.putLong(iov(pieces) + 8, length);
        pieces++;
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
