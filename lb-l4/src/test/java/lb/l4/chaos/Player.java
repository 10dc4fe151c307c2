package lb.l4.chaos;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import lb.l4.chaos.Script.Part;
import lb.l4.chaos.Script.Vice;
import lb.l4.peers.Resetter;
import lb.l4.peers.TestStream;

/// Plays one peer's part of a [Script]: writes on a thread of its own, and reads on the caller's.
final class Player {

    /// No session of a script takes nearly so long.
    static final int TIMEOUT_MILLIS = 20_000;

    private static final int READ_BYTES = 64 << 10;
    private static final int SLOW_READ_BYTES = 16 << 10;
    private static final long SLOW_PAUSE_NANOS = 200_000;

    private final Socket socket;
    private final Part own;
    private final Thread writer;

    private long received;
    private boolean hasEnded;
    /// Read when the writer has ended.
    private boolean hasFailed;

    /// How it went.
    ///
    /// @param received bytes that came, all of them the right ones
    /// @param hasEnded whether the peer has finished; it was reset otherwise
    record Heard(long received, boolean hasEnded) {}

    /// @param socket whose header was sent or read already
    Player(Socket socket, Part own) {
        this.socket = socket;
        this.own = own;
        this.writer = Thread.ofVirtual().unstarted(this::write);
    }

    /// Plays to the end and closes the socket.
    ///
    /// @throws AssertionError if a byte was not the one that was sent, or nothing came any more
    Heard play() throws IOException {
        try (socket) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            if (own.vice() != Vice.WAITS_FOR_THE_END) {
                writer.start();
            }
            read();
            if (own.vice() == Vice.WAITS_FOR_THE_END) {
                writer.start();
            }
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // The kernel tells of a reset once: the reader sees an end then, if the writer was told.
        return new Heard(received, hasEnded && !hasFailed);
    }

    private void read() throws IOException {
        byte[] buffer = new byte[own.vice() == Vice.READS_SLOWLY ? SLOW_READ_BYTES : READ_BYTES];
        boolean hasStalled = own.vice() != Vice.STALLS;
        try {
            while (true) {
                if (!hasStalled && received >= own.at()) {
                    hasStalled = true;
                    pause(TimeUnit.MILLISECONDS.toNanos(own.pauseMillis()));
                }
                int count = socket.getInputStream().read(buffer);
                if (count < 0) {
                    hasEnded = true;
                    return;
                }
                TestStream.check(buffer, count, received);
                received += count;
                if (own.vice() == Vice.READS_SLOWLY) {
                    pause(SLOW_PAUSE_NANOS);
                }
            }
        } catch (SocketTimeoutException e) {
            socket.close(); // so that the writer ends too
            throw new AssertionError("heard nothing for " + TIMEOUT_MILLIS + " ms after " + received + " bytes");
        } catch (IOException e) {
            // Reset, by either peer.
        }
    }

    private void write() {
        int end = own.vice() == Vice.RESETS ? own.at() : own.bytes();
        try {
            for (int sent = 0; sent < end;) {
                int count = Math.min(own.mostAtOnce(), end - sent);
                TestStream.write(socket.getOutputStream(), sent, count);
                sent += count;
                if (own.vice() == Vice.DRIPS) {
                    pause(TimeUnit.MILLISECONDS.toNanos(own.pauseMillis()));
                }
            }
            if (own.vice() == Vice.RESETS) {
                Resetter.reset(socket);
            } else {
                socket.shutdownOutput();
            }
        } catch (IOException e) {
            hasFailed = true;
        }
    }

    /// The pauses are what is slow about it: nothing waits for them.
    private static void pause(long nanos) {
        LockSupport.parkNanos(nanos);
    }
}
