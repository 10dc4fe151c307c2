package lb.l4.peers;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.concurrent.locks.LockSupport;

/// Reads a stream with small reads and a pause after each, so that its receive buffer is full most of the time.
public final class SlowReader {

    private static final int READ_BYTES = 64 << 10;
    private static final long PAUSE_NANOS = 200_000;

    private SlowReader() {}

    /// Reads to the end, checks every byte and returns how many there were. The pauses are what is slow about it: nothing
    /// waits for them.
    public static long readToEnd(Socket socket) throws IOException {
        InputStream from = socket.getInputStream();
        byte[] buffer = new byte[READ_BYTES];
        long position = 0;
        for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
            TestStream.check(buffer, count, position);
            position += count;
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return position;
    }
}
