package lb.cli.config;

import java.time.Duration;
import java.util.Map;
import lb.core.config.AccessLogConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.HealthConfig;
import lb.core.config.LbConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import org.junit.jupiter.api.Test;

import static lb.cli.config.Readings.GOOD;
import static lb.cli.config.Readings.lines;
import static lb.cli.config.Readings.listener;
import static lb.cli.config.Readings.pool;
import static lb.cli.config.Readings.problems;
import static lb.cli.config.Readings.read;
import static lb.cli.config.Readings.reader;
import static lb.cli.config.Readings.valid;
import static org.assertj.core.api.Assertions.assertThat;

class ConfigReaderTest {

    @Test
    void busyPollIsAShortDuration() {
        assertThat(problems(GOOD + "busy-poll = 2s")).containsExactly(
                "FILE:3: busy-poll = \"2s\": expected a duration from 1us to 1s (us, ms or s), such as 200us, or off");
        assertThat(problems(GOOD + "busy-poll = 200")).hasSize(1);
        assertThat(valid(GOOD + "busy-poll = 200us").busyPoll()).isEqualTo(Duration.ofNanos(200_000));
        assertThat(problems(GOOD + "congestion-control = cubic")).singleElement().asString()
                .contains("expected one of auto, system");
    }

    @Test
    void defaultsAreThoseOfTheContract() {
        LbConfig config = valid(GOOD);
        assertThat(config.workers()).isEqualTo(4);
        assertThat(config.drainTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.listeners().getFirst().accessLog()).isEqualTo(AccessLogConfig.OFF);
        assertThat(config.listeners().getFirst().proxyHeaderTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(config.listeners().getFirst().socket().backlog()).isEqualTo(4096);
        PoolConfig pool = config.pools().getFirst();
        assertThat(pool.balance()).isEqualTo(new BalanceConfig.RoundRobin());
        assertThat(pool.health()).isEqualTo(new HealthConfig(HealthConfig.Type.TCP, Duration.ofSeconds(2),
                Duration.ofMillis(500), Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3, 0));
        assertThat(pool.proxyProtocol()).isEqualTo(ProxyProtocolConfig.OFF);
        assertThat(pool.connectTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(pool.connectTries()).isEqualTo(3);
        assertThat(pool.idleTimeout()).isEqualTo(Duration.ofHours(1));
        assertThat(pool.finTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(pool.maxLifetime()).isZero();
        assertThat(pool.lifetimeJitterPercent()).isEqualTo(10);
        assertThat(pool.keepalive().idle()).isEqualTo(Duration.ofSeconds(60));
        assertThat(pool.keepalive().userTimeout()).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void allProblemsAreFoundAtOnceWithPlaceKeyValueAndRule() {
        assertThat(problems("""
                listeners {
                  pg { bind = "127.0.0.1:99999", pool = gp }
                }
                pools {
                  pg {
                    backends = ["127.0.0.1:1", "127.0.0.1:2,weight=257"]
                    balance = fastest
                    idle-timeout = 10
                    conect-timeout = 5s
                  }
                }
                wrokers = 2
                """)).containsExactlyInAnyOrder(
                "FILE:12: wrokers = 2: unknown key (did you mean workers?)",
                "FILE:9: pools.pg.conect-timeout = \"5s\": unknown key (did you mean connect-timeout?)",
                "FILE:6: pools.pg.backends[1].weight = \"257\": expected a whole number from 0 to 256",
                "FILE:7: pools.pg.balance = \"fastest\": expected one of round-robin, least-connections, random-two, "
                        + "least-time, hash, five-tuple-hash, source-hash",
                "FILE:8: pools.pg.idle-timeout = 10: expected a duration with a unit (ms, s, m, h or d), such as "
                        + "500ms or 30s, or off",
                "FILE:2: listeners.pg.bind = \"127.0.0.1:99999\": expected a port from 0 to 65535",
                "FILE:2: listeners.pg.pool = \"gp\": no such pool (did you mean pg?)");
    }

    @Test
    void configurationWithoutListenerIsAnError() {
        assertThat(problems("")).anyMatch(line -> line.contains("expected at least one listener"));
        assertThat(problems("listeners {}")).anyMatch(line -> line.contains("expected at least one listener"));
    }

    @Test
    void writtenLimitThatTheDescriptorsDoNotAllowIsAnErrorAndADerivedOneNever() {
        assertThat(problems(GOOD + "max-connections = 10000")).singleElement().asString()
                .startsWith("FILE:3: max-connections = 10000: needs ").contains("the limit is 20000");
        ConfigReader poor = new ConfigReader(new ConfigReader.Machine(4, 10, 28_232), Resolver.SYSTEM);
        assertThat(valid(read(GOOD, poor)).maxConnections()).isEqualTo(1);
        assertThat(lines(read(GOOD, poor).warnings())).containsExactly("max-connections: the limit of 10 descriptors "
                + "allows only 1 session (raise it: ulimit -n, LimitNOFILE=)");
        // 20000 - (64 + 4 workers * (72 + 1 port) + 1 backend), two each
        assertThat(valid(GOOD).maxConnections()).isEqualTo((20_000 - 64 - 4 * 73 - 1) / 2);
    }

    @Test
    void renamedKeyWarnsAndWorksAndRemovedKeyNamesItsReplacement() {
        KeyChanges changes = new KeyChanges(Map.of("lb.defaults.pool.max-life", "max-lifetime"),
                Map.of("lb.defaults.listener.transparent", "proxy-protocol"));
        ReadResult renamed = read(pool("backends = [\"127.0.0.1:2\"]\nmax-life = 1h"), reader(changes));
        assertThat(valid(renamed).pools().getFirst().maxLifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(lines(renamed.warnings())).containsExactly(
                "FILE:4: pools.p.max-life = \"1h\": was renamed to max-lifetime; the old name will go away");
        assertThat(problems(read(listener("bind = 1\ntransparent = true"), reader(changes))))
                .containsExactly("FILE:4: listeners.l.transparent = true: was removed; use proxy-protocol");
    }
}
