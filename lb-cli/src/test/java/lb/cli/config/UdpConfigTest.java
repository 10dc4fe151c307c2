package lb.cli.config;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import lb.core.config.ConnectionIdConfig;
import lb.core.config.FlowConfig;
import lb.core.config.HealthConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.Octets;
import lb.core.config.PoolConfig;
import lb.core.config.UdpProxyHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static lb.cli.config.Readings.listener;
import static lb.cli.config.Readings.problems;
import static lb.cli.config.Readings.read;
import static lb.cli.config.Readings.valid;
import static org.assertj.core.api.Assertions.assertThat;

class UdpConfigTest {

    @Test
    void aUdpListenerHasTheDefaultsOfTheReference() {
        ListenerConfig listener = valid(listener("bind = 53\nprotocol = udp")).listeners().getFirst();
        assertThat(listener.tcp()).isFalse();
        assertThat(listener.udp())
                .isEqualTo(new FlowConfig(Duration.ofSeconds(60), 19_643, 0, FlowConfig.Shed.NEW, 0, -1,
                        new FlowConfig.Unanswered(0, Duration.ofSeconds(1)), UdpProxyHeader.EVERY, null));
    }

    @Test
    void oneListenerMayTakeBoth() {
        ListenerConfig listener = valid(listener("bind = 53\nprotocol = [tcp, udp]\nresponses = 1\nflow-key "
                + "{ type = quic-connection-id }")).listeners().getFirst();
        assertThat(listener.tcp()).isTrue();
        assertThat(Objects.requireNonNull(listener.udp()).responses()).isEqualTo(1);
        assertThat(Objects.requireNonNull(listener.udp()).connectionId()).isEqualTo(new ConnectionIdConfig(2, 1));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"protocol = sctp|expected tcp, udp or [tcp, udp]",
        "protocol = []|expected tcp, udp or [tcp, udp]", "protocol = [udp, udp]|is written twice",
        "protocol = udp, idle-timeout = 60|unit",
        "protocol = udp, idle-timeout = off|expected a duration", "protocol = udp, responses = -1|from 0 to 1000000",
        "protocol = udp, requests = 0|from 1 to 1000000", "protocol = udp, shed = old|one of new, oldest-idle",
        "protocol = udp, max-flows = 0|from 1 to", "protocol = udp, max-flows = 19644|expected at most 19643",
        "protocol = udp, flow-key = connection|one of address, quic-connection-id",
        "protocol = udp, flow-key { length = 3 }|applies only to type = quic-connection-id",
        "protocol = udp, flow-key { type = quic-connection-id, length = 8 }|from 1 to 7",
        "protocol = udp, flow-key { type = quic-connection-id, offset = 19 }|at most 20 bytes",
        "protocol = udp, unanswered = never|from 1 to 1000000, or off",
        "protocol = udp, udp-proxy-header = last|one of every, first",
        "protocol = udp, max-connections = 5|does not apply to protocol = udp, which has max-flows",
        "protocol = udp, backlog = 5|does not apply to protocol = udp",
        "idle-timeout = 5s|applies only to a listener with protocol = udp",
        "protocol = tcp, shed = oldest-idle|applies only to a listener with protocol = udp"})
    void badUdpKeysAreRefused(String written, String rule) {
        assertThat(problems(listener("bind = 1\n" + written))).singleElement().asString()
                .startsWith("FILE:4: listeners.l.").contains(rule);
    }

    /// (20000 descriptors - 64 of the process - 4 workers x (72 + 4 sockets) - 1 backend) / 2 = 9815 sessions in 4 shares.
    @Test
    void aListenerThatSaysNothingHasItsShareOfFlowsAndOneThatDoesMayHaveAll() {
        String text = """
                listeners {
                  a { bind = 53, protocol = [tcp, udp], pool = p }
                  b { bind = 54, protocol = udp, pool = p %s }
                  c { bind = 55, pool = p }
                }
                pools { p { backends = ["127.0.0.1:2"] } }
                """;
        assertThat(valid(text.formatted("")).listeners().stream().filter(l -> l.udp() != null)
                .map(l -> Objects.requireNonNull(l.udp()).maxFlows())).containsExactly(2453, 2453);
        assertThat(EffectiveText.of((ReadResult.Valid) read(text.formatted(""))))
                .contains("one of 4 shares of max-connections (2453)");
        assertThat(valid(text.formatted(", max-flows = 9815")).listeners().get(1).udp())
                .isNotNull().extracting(FlowConfig::maxFlows).isEqualTo(9815);
    }

    @Test
    void tcpAndUdpMayHaveTheSamePort() {
        valid("""
                listeners { a { bind = 53, pool = p }, b { bind = 53, protocol = udp, pool = p } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """);
        assertThat(problems("""
                listeners { a { bind = 53, protocol = [tcp, udp], pool = p }
                b { bind = 53, protocol = udp, pool = p } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """)).singleElement().asString().contains("FILE:2: listeners.b.bind").contains("overlaps");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"backends = [\"unix:/a\"]|expected no unix sockets",
        "backends = [\"1.1.1.1:2\"], proxy-protocol = v1|expected v2",
        "backends = [\"1.1.1.1:2,server-id=0x01\", \"1.1.1.2:2,server-id=0x01\"]|the same server-id",
        "backends = [\"1.1.1.1:2,server-id=7\"]|expected 0x and two",
        "backends = [\"1.1.1.1:2\"], health { type = udp, send = \"0x0\" }|two hexadecimal digits",
        "backends = [\"1.1.1.1:2\"], health = udp|expected what a probe of type udp sends",
        "backends = [\"1.1.1.1:2\"], health { type = tcp, send = a }|applies only to type = udp",
        "backends = [\"1.1.1.1:2\"], health { type = udp, send = a, query = a }|applies only to type = dns",
        "backends = [\"1.1.1.1:2\"], health { type = dns, query = \"a..b\" }|expected a domain name"})
    void poolsThatUdpCannotUseAreRefused(String pool, String rule) {
        assertThat(problems("""
                listeners { l { bind = 1, protocol = udp, pool = p } }
                pools { p {
                %s
                } }
                """.formatted(pool))).singleElement().asString().startsWith("FILE:").contains(rule);
    }

    @Test
    void onlyAPoolThatTcpUsesIsProbedUnasked() {
        assertThat(probe("protocol = udp", "")).isEqualTo(HealthConfig.Type.PASSIVE);
        assertThat(probe("protocol = udp", "health { interval = 5s }")).isEqualTo(HealthConfig.Type.PASSIVE);
        assertThat(probe("protocol = udp", "health = tcp")).isEqualTo(HealthConfig.Type.TCP);
        assertThat(probe("protocol = udp", "health = off")).isEqualTo(HealthConfig.Type.OFF);
        assertThat(probe("protocol = [tcp, udp]", "")).isEqualTo(HealthConfig.Type.TCP);
        assertThat(probe("protocol = tcp", "")).isEqualTo(HealthConfig.Type.TCP);
        assertThat(probe("protocol = tcp", "health = passive")).isEqualTo(HealthConfig.Type.PASSIVE);
    }

    private static HealthConfig.Type probe(String protocol, String health) {
        return pool(protocol, health).health().type();
    }

    private static PoolConfig pool(String listener, String pool) {
        return valid("""
                listeners { l { bind = 1, pool = p, %s } }
                pools { p { backends = ["127.0.0.1:2"], %s } }
                """.formatted(listener, pool)).pools().getFirst();
    }

    @Test
    void probesAreGivenAsTextOrBytes() {
        HealthConfig health = pool("protocol = udp",
                "health { type = udp, send = \"ping\\n\", expect = \"0x50 4f4E\" }")
                .health();
        assertThat(health.question()).isEqualTo(
                new HealthConfig.Question(Octets.ofText("ping\n"), Octets.ofText("PON"), ""));
    }

    @Test
    void aServerIdThatIsNotLookedAtIsRefusedAndAMissingOneWarnedOf() {
        String text = """
                listeners { l { bind = 1, pool = p, protocol = udp, flow-key { type = quic-connection-id, length = 1 } } }
                pools { p { backends = ["127.0.0.1:2%s"] } }
                """;
        assertThat(problems(text.formatted(",server-id=0x0100"))).singleElement().asString().contains("is longer");
        assertThat(read(text.formatted(",server-id=0xff")).warnings()).isEmpty();
        assertThat(Readings.lines(read(text.formatted("")).warnings())).singleElement().asString()
                .contains("has no server-id");
        assertThat(read(text.formatted(",server-id=x")).warnings()).isEmpty();
    }

    @Test
    void flagsSayTheSame() {
        Flags flags = new Flags().listen("--listen", "udp://:7777").pool("--backend", "backends",
                List.of("127.0.0.1:2")).udpListener("--idle-timeout", "idle-timeout", "5s");
        ListenerConfig listener = valid(Readings.reader().read(flags)).listeners().getFirst();
        assertThat(listener.bind()).hasToString("*:7777");
        assertThat(listener.tcp()).isFalse();
        assertThat(Objects.requireNonNull(listener.udp()).idleTimeout()).isEqualTo(Duration.ofSeconds(5));
    }
}
