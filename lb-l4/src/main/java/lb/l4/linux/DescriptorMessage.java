package lb.l4.linux;

import java.util.List;

import static lb.l4.linux.Datagrams.CMSG_HEADER_BYTES;

/// The memory of one message with descriptors beside its bytes (struct msghdr with SCM_RIGHTS, unix(7)): sent or received
/// by one call, one after another.
///
/// Threading: confined to one thread at a time.
public final class DescriptorMessage implements AutoCloseable {

    /// The kernel takes no more with one message (SCM_MAX_FD).
    public static final int MOST_DESCRIPTORS = 253;
    /// Bytes of one call at most.
    public static final int BUFFER_BYTES = 64 << 10;

    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int HEADER_BYTES = 56;
    private static final int CONTROL_BYTES = CMSG_HEADER_BYTES + (MOST_DESCRIPTORS + 1) * 4;
    private static final int VECTOR = HEADER_BYTES;
    private static final int CONTROL = VECTOR + 16;
    private static final int BUFFER = CONTROL + CONTROL_BYTES;

    private final Linux linux;
    private final long memory = Linux.malloc(BUFFER + BUFFER_BYTES);

    public DescriptorMessage(Linux linux) {
        this.linux = linux;
    }

    /// Sends bytes, and copies of descriptors if any byte could be sent.
    ///
    /// @param descriptors as many as go with one message
    /// @param waits whether to wait where the socket takes nothing, as long as its SO_SNDTIMEO says
    /// @return the number of bytes sent, or `-errno`
    public int send(int fd, byte[] bytes, int offset, List<Integer> descriptors, boolean waits) {
        int length = Math.min(bytes.length - offset, BUFFER_BYTES);
        Linux.view(memory + BUFFER, length).put(bytes, offset, length);
        long control = memory + CONTROL;
        NativeMemory.putLong(control, CMSG_HEADER_BYTES + 4L * descriptors.size());
        NativeMemory.putInt(control + 8, Linux.SOL_SOCKET);
        NativeMemory.putInt(control + 12, SCM_RIGHTS);
        for (int i = 0; i < descriptors.size(); i++) {
            NativeMemory.putInt(control + CMSG_HEADER_BYTES + 4L * i, descriptors.get(i));
        }
        writeHeader(length, descriptors.isEmpty() ? 0 : CMSG_HEADER_BYTES + (4 * descriptors.size() + 7 & ~7));
        int sent;
        do {
            sent = linux.sendmsg(fd, memory, MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT));
        } while (sent == -Errno.EINTR);
        return sent;
    }

    /// Receives what is there; descriptors are closed in children.
    ///
    /// @param bytes takes what was received, from `offset` on
    /// @param descriptors takes the descriptors, also when the call fails
    /// @return the number of bytes, 0 at the end, or `-errno`; EMFILE also where not all descriptors could be had
    public int receive(int fd, byte[] bytes, int offset, List<Integer> descriptors) {
        int length = Math.min(bytes.length - offset, BUFFER_BYTES);
        writeHeader(length, CONTROL_BYTES);
        int received;
        do {
            received = linux.recvmsg(fd, memory, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        } while (received == -Errno.EINTR);
        if (received < 0) {
            return received;
        }
        readDescriptors(descriptors);
        Linux.view(memory + BUFFER, received).get(bytes, offset, received);
        return (NativeMemory.getInt(memory + 48) & MSG_CTRUNC) != 0 ? -Errno.EMFILE : received;
    }

    private void writeHeader(int bytes, int controlBytes) {
        NativeMemory.clear(memory, HEADER_BYTES);
        NativeMemory.putLong(memory + VECTOR, memory + BUFFER);
        NativeMemory.putLong(memory + VECTOR + 8, bytes);
        NativeMemory.putLong(memory + 16, memory + VECTOR);
        NativeMemory.putLong(memory + 24, 1);
        NativeMemory.putLong(memory + 32, controlBytes == 0 ? 0 : memory + CONTROL);
        NativeMemory.putLong(memory + 40, controlBytes);
    }

    /// The kernel has written one control message, or none.
    private void readDescriptors(List<Integer> descriptors) {
        long control = memory + CONTROL;
        if (NativeMemory.getLong(memory + 40) <= CMSG_HEADER_BYTES || NativeMemory.getInt(control + 12) != SCM_RIGHTS) {
            return;
        }
        long end = NativeMemory.getLong(control);
        for (long at = CMSG_HEADER_BYTES; at + 4 <= end; at += 4) {
            descriptors.add(NativeMemory.getInt(control + at));
        }
    }

    @Override
    public void close() {
        Linux.free(memory);
    }
}
