package lb.l4.udp;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SourceCountsTest {

    private final SourceCounts counts = new SourceCounts();

    @Test
    void anIpv6SourceIsItsNetworkOf64Bits() {
        assertThat(source("2001:db8:1:2::1")).isEqualTo(source("2001:db8:1:2:ffff::7"))
                .isNotEqualTo(source("2001:db8:1:3::1"));
        assertThat(source("192.0.2.1")).isNotEqualTo(source("192.0.2.2"));
    }

    @Test
    void countsAsAMapWould() {
        Random random = new Random(9);
        Map<Long, Integer> expected = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            long source = random.nextInt(i < 50_000 ? 2_000 : 30);
            int present = expected.getOrDefault(source, 0);
            if (random.nextBoolean()) {
                assertThat(counts.tryAcquire(source, 3)).isEqualTo(present < 3);
                expected.put(source, Math.min(3, present + 1));
            } else if (present > 0) {
                counts.release(source);
                expected.put(source, present - 1);
            }
        }
        expected.forEach((source, count) -> assertThat(counts.count(source)).isEqualTo(count));
    }

    private static long source(String address) {
        return SourceCounts.of(InetAddress.ofLiteral(address));
    }
}
