package lb.l4.tcp;

import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.worker.Descriptor;
import lb.l4.worker.Pipe;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// A socket of a TCP session, and the direction that begins at it: what is read from it is written to `target`.
///
/// They are one object because a message meets both, and with many connections each object is a miss of the processor's
/// cache.
///
/// Small messages are copied through the worker's buffer; a direction that
/// carries large ones is spliced through a pipe. Both take and give within one
/// call, so that an idle direction owns neither buffer nor pipe.
///
/// Threading: confined to the session's worker. Invariant: the socket is not read
/// while bytes that `target` would not take are pending, so what is pending is
/// bounded.
///
///     OPEN --end of input--> EOF --pending bytes written, target shut--> SHUT
abstract class HalfRelay extends Descriptor {

    /// What a call to [#pump] came to.
    enum Step {
        /// The source has nothing now; its next event says when.
        DRAINED,
        /// The target takes nothing now; its next event says when.
        BLOCKED,
        /// There is more, but others are to have their turn.
        AGAIN,
        /// The input has ended and everything was written: the target is to be shut.
        ENDED,
        /// Reading failed, see [#error].
        SOURCE_FAILED,
        /// Writing failed, see [#error].
        TARGET_FAILED
    }

    private enum State {
        OPEN, EOF, SHUT
    }

    /// The first read of a direction, and the size that a slow target takes it
    /// back to.
    private static final int SMALL_READ_BYTES = 16 << 10;
    /// What one turn may move, so that a bulk direction cannot delay the others.
    static final int TURN_BYTES = 1 << 20;
    private static final int TURN_READS = 16;
    /// A direction is spliced after so many reads in a row of at least this size: copying 16 KiB costs less than two splices
    /// more (1.06), copying 32 KiB more than they do (0.93).
    private static final int SPLICE_BYTES = 24 << 10;
    /// It is copied again after as many reads below this size.
    private static final int COPY_BYTES = 16 << 10;
    private static final int SPLICE_AFTER = 3;

    private final Worker worker;
    /// Itself until it is connected.
    private HalfRelay target = this;

    private State state = State.OPEN;
    private boolean isReadable;
    /// The socket's last event said that its end or an error is near: a short read
    /// no longer means that it is drained.
    private boolean isEnding;
    private boolean isBlocked;
    /// The socket has received urgent data. Linux ends a read in front of it, and splice never gets past it: from then on
    /// the direction is copied, and a short read does not mean that it is drained.
    private boolean isUrgent;
    private boolean isSplicing;
    private int readBytes = SMALL_READ_BYTES;
    private int turnBytes = TURN_BYTES;
    /// Reads in a row that speak for the other way of moving bytes.
    private int votes;
    private int error;
    private long bytes;
    private int activeTick;
    private int activeTurn;
    private @Nullable Pending pending;
    private @Nullable Pipe pipe;

    HalfRelay(int fd, Worker worker) {
        super(fd);
        this.worker = worker;
    }

    /// Connects two sockets, each the other's target.
    void connectTo(HalfRelay other) {
        target = other;
        other.target = this;
        activeTick = worker.wheel().now();
        other.activeTick = activeTick;
    }

    /// Where the direction leads, and where the opposite one begins.
    HalfRelay target() {
        return target;
    }

    /// The tick in which bytes were last moved, or the sockets were connected.
    int activeTick() {
        return activeTick;
    }

    /// Whether bytes were last moved after the opposite direction's, or in the same turn of the loop.
    boolean isLaterThan(HalfRelay other) {
        return activeTurn - other.activeTurn >= 0;
    }

    /// Bytes of the socket that the target's kernel has taken; what was prepended is not among them.
    long bytes() {
        return bytes;
    }

    /// The errno of the failure that [#pump] told of.
    int error() {
        return error;
    }

    boolean isShut() {
        return state == State.SHUT;
    }

    /// Whether the target is the one that is waited for.
    boolean isBlocked() {
        return isBlocked;
    }

    /// Whether the direction holds memory or a pipe: never while it is idle.
    boolean ownsBuffer() {
        return pending != null || pipe != null;
    }

    /// Whether the direction was last moved through a pipe.
    boolean isSplicing() {
        return isSplicing;
    }

    /// Whether [#pump] has something to do.
    boolean isReady() {
        return !isBlocked && isReadable && state == State.OPEN;
    }

    void onReadable(boolean ending) {
        isReadable = true;
        isEnding |= ending;
    }

    void onUrgent() {
        isUrgent = true;
        isSplicing = false;
    }

    /// Whether the end or failure of the socket was announced.
    boolean isEnding() {
        return isEnding;
    }

    void onWritable() {
        isBlocked = false;
    }

    /// The target was shut: nothing more will be written.
    void shut() {
        state = State.SHUT;
        activeTick = worker.wheel().now();
    }

    /// Has the next turn move about so many bytes at most. It may become some more, by what a read brings that the turn
    /// began when it had nearly all of them.
    ///
    /// @param most at least 1
    void limitTurn(int most) {
        turnBytes = Math.min(most, TURN_BYTES);
        readBytes = Math.min(readBytes, turnBytes);
        isSplicing = false;
        // A pipe would take far more at once: no turn has so many reads that it comes to that.
        votes = -TURN_READS;
    }

    /// Moves what can be moved now, at most one turn's share.
    Step pump() {
        if (isBlocked) {
            return Step.BLOCKED;
        }
        if (ownsBuffer()) {
            Step flushed = flush();
            if (flushed != Step.DRAINED) {
                return flushed;
            }
        }
        long turnEnd = bytes + turnBytes;
        Step step = Step.DRAINED;
        for (int reads = 0; isReadable && state == State.OPEN; reads++) {
            if (reads == TURN_READS || bytes >= turnEnd) {
                step = Step.AGAIN;
                break;
            }
            step = isSplicing ? splice() : copy();
            if (step != Step.AGAIN) {
                break;
            }
        }
        givePipeBack();
        return step == Step.AGAIN && !isReadable ? Step.DRAINED : step;
    }

    /// Frees what the direction holds, at the end of its session; what was not
    /// written is lost.
    void release() {
        if (pipe != null) {
            worker.pipes().give(pipe);
            pipe = null;
        }
        dropPending();
    }

    /// Writes bytes before anything that is read; what the target does not take at
    /// once is kept.
    ///
    /// @param from an address whose memory is free to be reused on return
    /// @return false if the target failed
    boolean prepend(long from, int count) {
        int sent = Linux.send(target.intValue(), from, count);
        if (sent < 0 && sent != -Errno.EAGAIN) {
            error = -sent;
            return false;
        }
        int taken = Math.max(sent, 0);
        if (taken < count) {
            keep(from + taken, count - taken, count - taken);
        }
        return true;
    }

    /// One read and the write of what it brought. AGAIN: go on.
    private Step copy() {
        long buffer = worker.buffer();
        int wanted = worker.isPendingHigh() ? SMALL_READ_BYTES : readBytes;
        int count = Linux.recv(intValue(), buffer, wanted);
        if (count <= 0) {
            return nothingRead(count);
        }
        int sent = Linux.send(target.intValue(), buffer, count);
        if (sent == count) {
            moved(count);
            readOn(count, wanted);
            return Step.AGAIN;
        }
        if (sent < 0 && sent != -Errno.EAGAIN) {
            error = -sent;
            return Step.TARGET_FAILED;
        }
        int taken = Math.max(sent, 0);
        moved(taken);
        keep(buffer + taken, count - taken, 0);
        readBytes = SMALL_READ_BYTES;
        return Step.BLOCKED;
    }

    private void moved(int count) {
        bytes += count;
        activeTick = worker.wheel().now();
        activeTurn = worker.turn();
    }

    /// Chooses the next read after one that the target took in full.
    private void readOn(int count, int wanted) {
        if (count == wanted) {
            readBytes = Math.min(wanted * 2, Worker.BUFFER_BYTES);
        } else if (!isEnding && !isUrgent) {
            isReadable = false;
        }
        votes = count >= SPLICE_BYTES ? votes + 1 : 0;
        if (votes >= SPLICE_AFTER && !isUrgent) {
            isSplicing = true;
            votes = 0;
        }
    }

    private Step nothingRead(int count) {
        if (count == 0) {
            state = State.EOF;
            return Step.ENDED;
        }
        if (count == -Errno.EAGAIN) {
            isReadable = false;
            return Step.DRAINED;
        }
        error = -count;
        return Step.SOURCE_FAILED;
    }

    /// Fills the empty pipe once and empties it. With an empty pipe EAGAIN can only
    /// mean that the source has nothing, and 0 that its input has ended.
    private Step splice() {
        if (pipe == null) {
            pipe = worker.pipes().take();
        }
        if (pipe == null) {
            return copy();
        }
        int count = Linux.splice(intValue(), pipe.writeEnd(), pipe.capacity());
        if (count == -Errno.EINVAL) {
            isSplicing = false;
            return Step.AGAIN;
        }
        if (count <= 0) {
            return nothingRead(count);
        }
        pipe.added(count);
        votes = count < COPY_BYTES ? votes + 1 : 0;
        if (votes >= SPLICE_AFTER) {
            isSplicing = false;
            votes = 0;
        }
        Step emptied = emptyPipe(pipe);
        return emptied == Step.DRAINED ? Step.AGAIN : emptied;
    }

    private Step emptyPipe(Pipe full) {
        while (full.bytes() > 0) {
            int count = Linux.splice(full.readEnd(), target.intValue(), full.bytes());
            if (count > 0) {
                full.removed(count);
                moved(count);
            } else if (count == -Errno.EAGAIN) {
                isBlocked = true;
                return Step.BLOCKED;
            } else {
                error = count == 0 ? Errno.EPIPE : -count;
                return Step.TARGET_FAILED;
            }
        }
        return Step.DRAINED;
    }

    private void givePipeBack() {
        if (pipe != null && pipe.bytes() == 0) {
            worker.pipes().give(pipe);
            pipe = null;
        }
    }

    /// Writes what the target would not take before. DRAINED: all of it.
    private Step flush() {
        if (pipe != null && pipe.bytes() > 0) {
            Step step = emptyPipe(pipe);
            if (step != Step.DRAINED) {
                return step;
            }
        }
        Pending waiting = pending;
        while (waiting != null && !waiting.isEmpty()) {
            int sent = waiting.send(target.intValue());
            if (sent == -Errno.EAGAIN) {
                isBlocked = true;
                return Step.BLOCKED;
            }
            if (sent < 0) {
                error = -sent;
                return Step.TARGET_FAILED;
            }
            moved(sent);
        }
        dropPending();
        return state == State.EOF ? Step.ENDED : Step.DRAINED;
    }

    /// Keeps bytes until the target is writable again.
    private void keep(long from, int count, int prepended) {
        pending = new Pending(from, count, prepended);
        worker.addPending(count);
        isBlocked = true;
    }

    private void dropPending() {
        if (pending != null) {
            worker.addPending(-pending.size());
            pending.free();
            pending = null;
        }
    }
}
