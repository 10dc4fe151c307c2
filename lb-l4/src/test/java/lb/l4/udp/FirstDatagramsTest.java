package lb.l4.udp;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Random;
import lb.l4.linux.Linux;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FirstDatagramsTest {

    private static final int SLOTS = 64;

    private final FirstDatagrams firsts = new FirstDatagrams();
    private final long buffer = Linux.malloc(2_000);

    @AfterEach
    void close() {
        firsts.close();
        Linux.free(buffer);
    }

    private long keep(byte[] bytes) {
        Linux.view(buffer, bytes.length).put(bytes);
        return firsts.keep(buffer, bytes.length);
    }

    private byte[] at(long number) {
        byte[] bytes = new byte[firsts.length(number)];
        Linux.view(firsts.address(number), bytes.length).get(bytes);
        return bytes;
    }

    @Test
    void theNewestAreThereAndNoOthers() {
        Random random = new Random(3);
        Deque<Long> numbers = new ArrayDeque<>();
        Deque<byte[]> kept = new ArrayDeque<>();
        for (int i = 0; i < 1_000; i++) {
            byte[] bytes = new byte[random.nextInt(1_537)];
            random.nextBytes(bytes);
            numbers.addLast(keep(bytes));
            kept.addLast(bytes);
            if (numbers.size() > SLOTS) {
                assertThat(firsts.has(numbers.removeFirst())).isFalse();
                kept.removeFirst();
            }
            assertThat(firsts.has(numbers.getFirst())).isTrue();
            assertThat(at(numbers.getFirst())).isEqualTo(kept.getFirst());
        }
        assertThat(Arrays.equals(at(numbers.getLast()), kept.getLast())).isTrue();
    }

    @Test
    void whatIsLargerThanAPacketIsNotKept() {
        assertThat(keep(new byte[1_536])).isPositive();
        assertThat(keep(new byte[1_537])).isZero();
        assertThat(firsts.has(0)).isFalse();
    }
}
