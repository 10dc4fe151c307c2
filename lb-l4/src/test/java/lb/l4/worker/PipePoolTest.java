package lb.l4.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import lb.l4.linux.Linux;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PipePoolTest {

    private final Linux linux = new Linux();
    private long now = Long.MAX_VALUE - 1; // System.nanoTime may overflow
    private final PipePool pool = new PipePool(linux, () -> now, 2);

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void givesNoMoreThanItsLimit() {
        List<Pipe> pipes = new ArrayList<>(List.of(taken(), taken()));
        assertThat(pool.take()).isNull();
        pipes.forEach(pool::give);
    }

    @Test
    void givesAnEmptyPipeOutAgain() {
        Pipe pipe = taken();
        pool.give(pipe);
        assertThat(pool.take()).isSameAs(pipe);
        pool.give(pipe);
    }

    @Test
    void closesAPipeThatIsGivenWithBytesInItAndMakesAnother() {
        Pipe dirty = taken();
        Pipe other = taken();
        dirty.added(1);

        pool.give(dirty);
        assertThat(isOpen(dirty)).isFalse();
        Pipe fresh = taken();
        assertThat(fresh).isNotSameAs(dirty);
        assertThat(pool.take()).isNull();
        pool.give(fresh);
        pool.give(other);
    }

    @Test
    void closesTheIdleOnesWithItself() {
        Pipe first = taken();
        Pipe second = taken();
        pool.give(first);
        pool.give(second);

        pool.close();
        assertThat(isOpen(first)).isFalse();
        assertThat(isOpen(second)).isFalse();
    }

    private Pipe taken() {
        Pipe pipe = Objects.requireNonNull(pool.take());
        assertThat(pipe.bytes()).isZero();
        assertThat(pipe.capacity()).isGreaterThanOrEqualTo(64 << 10);
        return pipe;
    }

    private boolean isOpen(Pipe pipe) {
        return linux.fcntl(pipe.writeEnd(), Linux.F_GETPIPE_SZ, 0) == pipe.capacity();
    }
}
