package lb.l4.udp;

import java.util.HashSet;
import java.util.Set;
import lb.core.config.Endpoint;
import lb.core.config.TestConfigs;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LocalPortsTest {

    private static final Endpoint.Inet ONE = (Endpoint.Inet) TestConfigs.loopback(1);
    private static final Endpoint.Inet TWO = (Endpoint.Inet) TestConfigs.loopback(2);

    private final LocalPorts ports = new LocalPorts();

    @Test
    void eachPortIsSharedOnceForEachTarget() {
        for (int port = 5000; port < 5010; port++) {
            ports.add(ONE, port);
        }
        assertThat(ports.shareable(ONE)).isZero();
        Set<Integer> shared = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            int port = ports.shareable(TWO);
            shared.add(port);
            ports.add(TWO, port);
        }
        assertThat(shared).hasSize(10).allMatch(port -> port >= 5000 && port < 5010);
        assertThat(ports.shareable(TWO)).isZero();
    }

    @Test
    void aPortThatNobodyHasAnyMoreIsNotShared() {
        ports.add(ONE, 5000);
        ports.add(TWO, 5000);
        ports.remove(ONE, 5000);
        assertThat(ports.shareable(ONE)).isEqualTo(5000);
        ports.remove(TWO, 5000);
        assertThat(ports.shareable(ONE)).isZero();
    }
}
