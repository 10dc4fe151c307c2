package lb.l4.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/// One endless stream of bytes that every test sends the start of, so that a byte that is lost, doubled or moved shows.
public final class TestStream {

    /// Prime, so that the stream meets no buffer size twice in the same place.
    private static final int PERIOD = 1_048_573;
    private static final int CHUNK_BYTES = 64 << 10;
    private static final byte[] BYTES = new byte[PERIOD + CHUNK_BYTES];

    static {
        new Random(7).nextBytes(BYTES);
        System.arraycopy(BYTES, 0, BYTES, PERIOD, CHUNK_BYTES);
    }

    private TestStream() {}

    /// The byte at a position.
    public static byte at(long position) {
        return BYTES[(int) (position % PERIOD)];
    }

    /// Writes the first bytes of the stream.
    public static void write(OutputStream to, long count) throws IOException {
        write(to, 0, count);
    }

    /// Writes the part of the stream that starts at `from`.
    public static void write(OutputStream to, long from, long count) throws IOException {
        for (long done = 0; done < count;) {
            int chunk = (int) Math.min(CHUNK_BYTES, count - done);
            to.write(BYTES, (int) ((from + done) % PERIOD), chunk);
            done += chunk;
        }
    }

    /// Fails if the first `count` bytes of `read` are not the stream's from `position` on.
    public static void check(byte[] read, int count, long position) {
        for (int done = 0; done < count;) {
            int chunk = Math.min(CHUNK_BYTES, count - done);
            int from = (int) ((position + done) % PERIOD);
            int wrong = Arrays.mismatch(BYTES, from, from + chunk, read, done, done + chunk);
            if (wrong >= 0) {
                throw new AssertionError("byte " + (position + done + wrong) + " is not the one that was sent");
            }
            done += chunk;
        }
    }

    /// A datagram that begins with its number and goes on with a part of the stream.
    ///
    /// @param bytes at least 4
    public static byte[] datagram(int number, int bytes) {
        return ByteBuffer.allocate(bytes).putInt(number).put(BYTES, number % PERIOD, bytes - Integer.BYTES).array();
    }

    /// Whether the first `bytes` of `read` are that datagram.
    public static boolean isDatagram(int number, byte[] read, int bytes) {
        return Arrays.equals(read, 0, bytes, datagram(number, bytes), 0, bytes);
    }

    /// Reads to the end, checks every byte and returns how many there were.
    public static long readToEnd(InputStream from) throws IOException {
        byte[] buffer = new byte[CHUNK_BYTES];
        long position = 0;
        for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
            check(buffer, count, position);
            position += count;
        }
        return position;
    }
}
