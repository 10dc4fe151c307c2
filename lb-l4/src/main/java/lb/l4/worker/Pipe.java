package lb.l4.worker;

import org.jspecify.annotations.Nullable;

/// A kernel pipe that splice moves bytes through.
///
/// Threading: confined to its worker.
public final class Pipe {
    final int readEnd;
    final int writeEnd;
    final int capacity;
    @Nullable Pipe next;
    private int bytes;

    Pipe(int readEnd, int writeEnd, int capacity) {
        this.readEnd = readEnd;
        this.writeEnd = writeEnd;
        this.capacity = capacity;
    }

    public int readEnd() {
        return readEnd;
    }

    public int writeEnd() {
        return writeEnd;
    }

    public int capacity() {
        return capacity;
    }

    /// How many bytes are in it.
    public int bytes() {
        return bytes;
    }

    public void added(int count) {
        bytes += count;
    }

    public void removed(int count) {
        bytes -= count;
    }
}
