package lb.core.pool;

import lb.core.config.TestConfigs;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class BackendTest {

    private final Backend backend = new Backend("pool", "a", TestConfigs.loopback(1000));

    @Test
    void countsActiveAndEverTakenSlots() {
        backend.acquire();
        backend.acquire();
        backend.release();

        assertThat(backend.active()).isOne();
        assertThat(backend.sessions()).isEqualTo(2);
        assertThat(backend.id()).isEqualTo("pool/a").isEqualTo(backend.toString());
    }

    @Test
    void theAverageStartsWithTheFirstSampleAndFollowsByAnEighth() {
        assertThat(backend.averageConnectNanos()).isZero();
        backend.sampleConnectNanos(800);
        assertThat(backend.averageConnectNanos()).isEqualTo(800);
        backend.sampleConnectNanos(1600);
        assertThat(backend.averageConnectNanos()).isEqualTo(900);
    }

    @Test
    void aSampleOfZeroIsStillASample() {
        backend.sampleConnectNanos(0);

        assertThat(backend.averageConnectNanos()).isOne();
    }
}
