package lb.cli.config;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import lb.core.config.BackendConfig;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static lb.cli.config.Readings.GOOD;
import static lb.cli.config.Readings.lines;
import static lb.cli.config.Readings.pool;
import static lb.cli.config.Readings.problems;
import static lb.cli.config.Readings.read;
import static lb.cli.config.Readings.valid;
import static org.assertj.core.api.Assertions.assertThat;

class PoolReaderTest {

    @Test
    void poolAndBackendsAreRequired() {
        assertThat(problems("listeners { l { bind = 1 } }\npools { p { } }")).containsExactlyInAnyOrder(
                "FILE:2: pools.p.backends: is missing", "FILE:1: listeners.l.pool: is missing");
        assertThat(problems(pool("backends = []"))).containsExactly(
                "FILE:3: pools.p.backends = []: expected at least one backend");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"idle-timeout = 1h 5m|duration",
        "idle-timeout = -5s|from 1ms to 3650d, or off",
        "idle-timeout = 99999999999999999999s|from 1ms to 3650d", "idle-timeout = never|or off",
        "connect-timeout = 0s|from 1ms",
        "connect-timeout = off|duration", "connect-tries = 0|1 to 100", "lifetime-jitter = 101|0 to 100",
        "keepalive { idle = 1500ms }|whole seconds", "keepalive { count = 128 }|1 to 127",
        "health { rise = 0 }|1 to 1000", "health { port = 65536 }|1 to 65535",
        "health = http|one of auto, tcp, udp, dns, passive, off",
        "balance { type = hash, bounded-load = 100 }|101 to 10000",
        "balance { type = round-robin, key = five-tuple }|applies only to type = hash",
        "balance { type = source-hash, key = five-tuple }|does not go with source-hash",
        "proxy-protocol = v3|one of off, v1, v2", "proxy-protocol { version = v1, crc32c = true }|version = v2",
        "proxy-protocol { version = v2, pass-through = [\"0x100\"] }|0xFF",
        "on-none-healthy = panic|one of fail, all", "max-connections = -1|0 to 10000000",
        "balance { typ = hash }|did you mean type?"})
    void badPoolKeysAreRefused(String written, String rule) {
        assertThat(problems(pool("backends = [\"127.0.0.1:2\"]\n" + written))).singleElement().asString()
                .startsWith("FILE:4: pools.p.").contains(rule);
    }

    @Test
    void backendsAreUnderstoodInAllForms() {
        List<BackendConfig> backends = valid(pool("""
                health = off
                backends = ["127.0.0.1:1", "10.0.0.7", "[::1]:5432", "unix:/run/app.sock", "10.0.0.8:1,weight=3,name=a",
                  "10.0.0.9:1,backup", { address = "10.0.0.1:1", name = b, weight = 0, backup = true }]
                """)).pools().getFirst().backends();
        assertThat(backends).extracting(BackendConfig::name).containsExactly("127.0.0.1:1", "10.0.0.7", "[::1]:5432",
                "unix:/run/app.sock", "a", "10.0.0.9:1", "b");
        assertThat(backends).extracting(BackendConfig::weight).containsExactly(1, 1, 1, 1, 3, 1, 0);
        assertThat(backends).extracting(BackendConfig::backup).containsExactly(false, false, false, false, false, true,
                true);
        assertThat(backends.get(1).endpoint()).isEqualTo(new Endpoint.Inet(InetAddress.ofLiteral("10.0.0.7"), 0));
        assertThat(backends.get(3).endpoint()).isEqualTo(new Endpoint.Unix("/run/app.sock"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"\"127.0.0.1:0\"|port from 1 to 65535", "\"127.0.0.1:x\"|port from 1",
        "\"unix:app.sock\"|unix:/PATH", "\"1.2.3:80\"|HOST:PORT", "\"a b:80\"|HOST:PORT", "\"::1\"|in brackets",
        "\"127.0.0.1:1,weight\"|ADDRESS[,name", "\"127.0.0.1:1,wieght=2\"|did you mean weight?", "5432|ADDRESS",
        "{ name = a }|is missing", "{ address = \"127.0.0.1:1\", weight = heavy }|0 to 256"})
    void badBackendsAreRefused(String written, String rule) {
        assertThat(problems(pool("backends = [" + written + "]"))).singleElement().asString()
                .startsWith("FILE:3: pools.p.backends[0]").contains(rule);
    }

    @Test
    void twoBackendsOfOneNameAreRefused() {
        assertThat(problems(pool("backends = [\"127.0.0.1:1\",\n\"127.0.0.1:1\"]"))).containsExactly(
                "FILE:4: pools.p.backends[1] = \"127.0.0.1:1\": duplicate name: pools.p.backends[0] (FILE:3) has it "
                        + "already; give one of them another");
    }

    @Test
    void nameWithSeveralAddressesGivesOneBackendForEachInOrder() {
        List<BackendConfig> backends = valid(pool("backends = [\"two.test:80,name=db\", \"one.test:80\"]")).pools()
                .getFirst().backends();
        assertThat(backends).extracting(BackendConfig::name).containsExactly("db@10.0.0.9", "db@10.0.0.10",
                "db@fd00::1", "one.test:80");
    }

    @Test
    void unknownNameIsAPlainProblem() {
        assertThat(problems(pool("backends = [\"nowhere.test:80\"]"))).containsExactly(
                "FILE:3: pools.p.backends[0] = \"nowhere.test:80\": the name nowhere.test could not be resolved: Name "
                        + "or service not known");
    }

    @Test
    void unreachableResolverIsAPlainProblemAfterOneDeadlineForAllNames() {
        CountDownLatch never = new CountDownLatch(1);
        ConfigReader reader = new ConfigReader(Readings.MACHINE, name -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return List.of();
        }, Duration.ofMillis(50), KeyChanges.CURRENT);
        assertThat(problems(read(pool("backends = [\"a.test:80\", \"b.test:80\"]"), reader))).hasSize(2)
                .allMatch(line -> line.contains("could not be resolved within 0s; is the name server reachable?"));
        never.countDown();
    }

    @Test
    void poolWithoutPortsIsProbedOnTheListenersPort() {
        assertThat(valid(pool("backends = [\"10.0.0.1\"]")).pools().getFirst().health().port()).isEqualTo(1);
        ReadResult range = read("""
                listeners { l { bind = "127.0.0.1:10-20", pool = p } }
                pools { p { backends = ["10.0.0.1"] } }
                """);
        assertThat(valid(range).pools().getFirst().health().type()).isEqualTo(HealthConfig.Type.OFF);
        assertThat(lines(range.warnings())).singleElement().asString().startsWith(
                "FILE:2: pools.p.health.port: there is no one port");
        assertThat(read("""
                listeners { l { bind = "127.0.0.1:20-10", pool = p } }
                pools { p { backends = ["10.0.0.1"] } }
                """).warnings()).isEmpty();
    }

    @Test
    void poolThatNobodyUsesIsAWarning() {
        assertThat(lines(read(GOOD + "pools.q { backends = [\"127.0.0.1:2\"] }").warnings()))
                .containsExactly("FILE:3: pools.q: no listener uses this pool");
    }
}
