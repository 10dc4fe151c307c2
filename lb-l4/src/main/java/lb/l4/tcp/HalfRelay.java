package lb.l4.tcp;

import lb.l4.linux.Errno;
import lb.l4.linux.Linux;
import lb.l4.worker.Descriptor;
import lb.l4.worker.Pipe;
import lb.l4.worker.Worker;
import org.jspecify.annotations.Nullable;

/// One direction of a TCP session: what is read from `source` is written to
/// `target`.
///
/// Small messages are copied through the worker's buffer; a direction that
/// carries large ones is spliced through a pipe. Both take and give within one
/// call, so that an idle direction owns neither buffer nor pipe.
///
/// Threading: confined to the session's worker. Invariant: `source` is not read
/// while bytes that `target` would not take are pending, so what is pending is
/// bounded.
///
///     OPEN --end of input--> EOF --pending bytes written, target shut--> SHUT
final class HalfRelay {

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
    /// A direction is spliced after so many reads in a row of at least this size,
    /// and copied again after as many smaller ones.
    private static final int SPLICE_BYTES = 16 << 10;
    private static final int SPLICE_AFTER = 3;

    private final Descriptor source;
    private final Descriptor target;

    private State state = State.OPEN;
    private boolean isReadable;
    /// The source's last event said that its end or an error is near: a short read
    /// no longer means that it is drained.
    private boolean isEnding;
    private boolean isBlocked;
    /// The source has sent urgent data. Linux ends a read in front of it, and splice never gets past it: from then on
    /// the direction is copied, and a short read does not mean that it is drained.
    private boolean isUrgent;
    private boolean isSplicing;
    private int readBytes = SMALL_READ_BYTES;
    private int turnBytes = TURN_BYTES;
    /// Reads in a row that speak for the other way of moving bytes.
    private int votes;
    private int error;
    private long bytes;

    private long pendingBlock;
    private int pendingOffset;
    private int pendingBytes;
    /// How many of the pending bytes come first and are not the source's.
    private int prependedBytes;
    private @Nullable Pipe pipe;

    HalfRelay(Descriptor source, Descriptor target) {
        this.source = source;
        this.target = target;
    }

    Descriptor source() {
        return source;
    }

    Descriptor target() {
        return target;
    }

    /// Bytes of the source that the target's kernel has taken; what was prepended is not among them.
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
        return pendingBlock != 0 || pipe != null;
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

    /// Whether the source's end or failure was announced.
    boolean isEnding() {
        return isEnding;
    }

    void onWritable() {
        isBlocked = false;
    }

    /// The target was shut: nothing more will be written.
    void shut() {
        state = State.SHUT;
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
    Step pump(Worker worker) {
        if (isBlocked) {
            return Step.BLOCKED;
        }
        Step flushed = flush(worker);
        if (flushed != Step.DRAINED) {
            return flushed;
        }
        long turnEnd = bytes + turnBytes;
        for (int reads = 0; isReadable && state == State.OPEN; reads++) {
            if (reads == TURN_READS || bytes >= turnEnd) {
                givePipeBack(worker);
                return Step.AGAIN;
            }
            Step step = isSplicing ? splice(worker) : copy(worker);
            if (step != Step.AGAIN) {
                givePipeBack(worker);
                return step;
            }
        }
        givePipeBack(worker);
        return state == State.EOF ? Step.ENDED : Step.DRAINED;
    }

    /// Frees what the direction holds, at the end of its session; what was not
    /// written is lost.
    void release(Worker worker) {
        if (pipe != null) {
            worker.pipes().give(pipe);
            pipe = null;
        }
        dropPending(worker);
    }

    /// Writes bytes before anything that is read; what the target does not take at
    /// once is kept.
    ///
    /// @param from an address whose memory is free to be reused on return
    /// @return false if the target failed
    boolean prepend(Worker worker, long from, int count) {
        int sent = Linux.send(target.intValue(), from, count);
        if (sent < 0 && sent != -Errno.EAGAIN) {
            error = -sent;
            return false;
        }
        keep(worker, from, Math.max(sent, 0), count);
        prependedBytes = pendingBytes;
        return true;
    }

    /// One read and the write of what it brought. AGAIN: go on.
    private Step copy(Worker worker) {
        long buffer = worker.buffer();
        int wanted = worker.isPendingHigh() ? SMALL_READ_BYTES : readBytes;
        int count = Linux.recv(source.intValue(), buffer, wanted);
        if (count <= 0) {
            return nothingRead(count);
        }
        int sent = Linux.send(target.intValue(), buffer, count);
        if (sent == count) {
            bytes += count;
            readOn(count, wanted);
            return Step.AGAIN;
        }
        if (sent < 0 && sent != -Errno.EAGAIN) {
            error = -sent;
            return Step.TARGET_FAILED;
        }
        int taken = Math.max(sent, 0);
        bytes += taken;
        keep(worker, buffer, taken, count);
        readBytes = SMALL_READ_BYTES;
        return Step.BLOCKED;
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
    private Step splice(Worker worker) {
        if (pipe == null) {
            pipe = worker.pipes().take();
        }
        if (pipe == null) {
            return copy(worker);
        }
        int count = Linux.splice(source.intValue(), pipe.writeEnd(), pipe.capacity());
        if (count == -Errno.EINVAL) {
            isSplicing = false;
            return Step.AGAIN;
        }
        if (count <= 0) {
            return nothingRead(count);
        }
        pipe.added(count);
        votes = count < SPLICE_BYTES ? votes + 1 : 0;
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
                bytes += count;
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

    private void givePipeBack(Worker worker) {
        if (pipe != null && pipe.bytes() == 0) {
            worker.pipes().give(pipe);
            pipe = null;
        }
    }

    /// Writes what the target would not take before. DRAINED: all of it.
    private Step flush(Worker worker) {
        if (pipe != null && pipe.bytes() > 0) {
            Step step = emptyPipe(pipe);
            return step == Step.DRAINED && state == State.EOF ? Step.ENDED : step;
        }
        while (pendingBytes > 0) {
            int sent = Linux.send(target.intValue(), pendingBlock + pendingOffset, pendingBytes);
            if (sent == -Errno.EAGAIN) {
                isBlocked = true;
                return Step.BLOCKED;
            }
            if (sent < 0) {
                error = -sent;
                return Step.TARGET_FAILED;
            }
            int own = Math.min(sent, prependedBytes);
            prependedBytes -= own;
            bytes += sent - own;
            pendingOffset += sent;
            pendingBytes -= sent;
        }
        dropPending(worker);
        return state == State.EOF ? Step.ENDED : Step.DRAINED;
    }

    /// Keeps the bytes from `taken` to `count` until the target is writable again.
    private void keep(Worker worker, long from, int taken, int count) {
        if (taken == count) {
            return;
        }
        pendingBytes = count - taken;
        pendingOffset = 0;
        pendingBlock = Linux.malloc(pendingBytes);
        Linux.copy(from + taken, pendingBlock, pendingBytes);
        worker.addPending(pendingBytes);
        isBlocked = true;
    }

    private void dropPending(Worker worker) {
        if (pendingBlock != 0) {
            worker.addPending(-(pendingOffset + pendingBytes));
            Linux.free(pendingBlock);
            pendingBlock = 0;
            pendingBytes = 0;
        }
    }
}
