package lb.cli.config;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import lb.core.config.AccessLogFormat;
import lb.core.config.BackendConfig;
import lb.core.config.BalanceConfig;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import lb.core.config.LbConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ProxyProtocolConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static lb.cli.config.Readings.lines;
import static lb.cli.config.Readings.problems;
import static lb.cli.config.Readings.read;
import static lb.cli.config.Readings.reader;
import static lb.cli.config.Readings.valid;
import static org.assertj.core.api.Assertions.assertThat;

class ConfigReaderTest {

    private static final String GOOD = """
            listeners { l { bind = "127.0.0.1:1", pool = p } }
            pools { p { backends = ["127.0.0.1:2"] } }
            """;

    private static String pool(String keys) {
        return """
                listeners { l { bind = "127.0.0.9:1", pool = p } }
                pools { p {
                %s
                } }
                """.formatted(keys);
    }

    private static String listener(String keys) {
        return """
                listeners {
                l { pool = p
                %s
                } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """.formatted(keys);
    }

    @Test
    void defaultsAreThoseOfTheContract() {
        LbConfig config = valid(GOOD);
        assertThat(config.workers()).isEqualTo(4);
        assertThat(config.drainTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.listeners().getFirst().accessLog()).isEqualTo(AccessLogFormat.OFF);
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
                        + "500ms or 30s",
                "FILE:2: listeners.pg.bind = \"127.0.0.1:99999\": expected a port from 0 to 65535",
                "FILE:2: listeners.pg.pool = \"gp\": no such pool (did you mean pg?)");
    }

    @Test
    void fileThatIsNotThereIsAPlainProblem() {
        assertThat(problems(reader().read(Path.of("no-such.conf"))))
                .containsExactly("no-such.conf: cannot be read: no such file");
    }

    @Test
    void folderIsNoConfiguration(@TempDir Path folder) {
        assertThat(problems(reader().read(folder))).containsExactly(folder + ": cannot be read: it is a directory");
    }

    @Test
    void brokenSyntaxNamesTheLine() {
        assertThat(problems("listeners {\n  a { bind = 1, pool = p }\n")).singleElement().asString()
                .startsWith("FILE:").contains("syntax");
        assertThat(problems("listeners {\n  a { bind = 127.0.0.1:80 }\n}")).containsExactly(
                "FILE:2: syntax: found ':' in a value without quotes; write addresses in quotes, such as "
                        + "\"127.0.0.1:5432\"");
        assertThat(problems("a = ${nowhere}")).singleElement().asString().contains("FILE:1").contains("nowhere");
    }

    @Test
    void configurationWithoutListenerIsAnError() {
        assertThat(problems("")).anyMatch(line -> line.contains("expected at least one listener"));
        assertThat(problems("listeners {}")).anyMatch(line -> line.contains("expected at least one listener"));
    }

    @Test
    void poolAndBackendsAreRequired() {
        assertThat(problems("listeners { l { bind = 1 } }\npools { p { } }")).containsExactlyInAnyOrder(
                "FILE:2: pools.p.backends: is missing", "FILE:1: listeners.l.pool: is missing");
        assertThat(problems(pool("backends = []"))).containsExactly(
                "FILE:3: pools.p.backends = []: expected at least one backend");
    }

    @Test
    void wordsOfLaterVersionsAreRefusedPlainly() {
        for (String protocol : List.of("udp", "http", "https", "[tcp, udp]")) {
            assertThat(problems(listener("bind = 1\nprotocol = " + protocol))).singleElement().asString()
                    .startsWith("FILE:4: listeners.l.protocol = ")
                    .endsWith("not supported by this version yet; expected tcp");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"\"127.0.0.1:5432\"|127.0.0.1:5432", "5432|*:5432", "\"5432\"|*:5432",
        "\"[::1]:53\"|[::1]:53", "\"127.0.0.1:6000-6100\"|127.0.0.1:6000-6100", "\"*:0\"|*:0",
        "\"6000-6001\"|*:6000-6001", "\"localhost:1\"|127.0.0.1:1", "65535|*:65535"})
    void bindsAreUnderstood(String written, String bind) {
        assertThat(valid(listener("bind = " + written)).listeners().getFirst().bind()).hasToString(bind);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"65536|expected a port from 0 to 65535", "-1|expected a port from 0 to 65535",
        "\"127.0.0.1:0-5\"|expected a port from 1", "\"127.0.0.1:9-8\"|first is not above its last",
        "\"::1:53\"|in brackets", "\"db.test:53\"|expected an address of this machine",
        "\"127.0.0.1\"|has no port", "\"[127.0.0.1]:1\"|expected an IPv6 address", "\"1.2.3.400:1\"|expected an "
                + "address",
        "[1,2]|expected \"HOST:PORT\""})
    void badBindsAreRefused(String written, String rule) {
        assertThat(problems(listener("bind = " + written))).singleElement().asString()
                .startsWith("FILE:3: listeners.l.bind = ").contains(rule);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"\"127.0.0.1:8000\"|\"127.0.0.1:8000\"|true", "8000|\"127.0.0.1:8000\"|true",
        "\"127.0.0.1:8000-8010\"|\"127.0.0.1:8010-8020\"|true", "\"0.0.0.0:1\"|\"127.0.0.1:1\"|true",
        "\"127.0.0.1:8000-8010\"|\"127.0.0.1:8011\"|false", "\"127.0.0.1:1\"|\"127.0.0.2:1\"|false",
        "\"[::1]:1\"|\"127.0.0.1:1\"|false", "\"127.0.0.1:0\"|\"127.0.0.1:0\"|false"})
    void overlappingBindsAreRefused(String first, String second, boolean overlap) {
        ReadResult result = read("""
                listeners { a { bind = %s, pool = p }
                b { bind = %s, pool = p } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """.formatted(first, second));
        if (overlap) {
            assertThat(problems(result)).singleElement().asString().startsWith("FILE:2: listeners.b.bind = ")
                    .contains("overlaps with listeners.a");
        } else {
            valid(result);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"idle-timeout = 1h 5m|duration", "connect-timeout = 0s|from 1ms",
        "connect-timeout = off|duration", "connect-tries = 0|1 to 100", "lifetime-jitter = 101|0 to 100",
        "keepalive { idle = 1500ms }|whole seconds", "keepalive { count = 128 }|1 to 127",
        "health { rise = 0 }|1 to 1000", "health { port = 65536 }|1 to 65535", "health = http|one of tcp, off",
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

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"allow = [\"10.0.0.1/8\"]|bits set after its prefix",
        "deny = [\"10.0.0.0/33\"]|0 "
                + "to 32",
        "allow = [\"example\"]|expected a network", "backlog = 0|1 to 1000000", "tos = 256|0 to 255",
        "receive-buffer = 64q|size", "send-buffer = 2g|1 to 1g", "interface = \"a name too long\"|interface",
        "defer-accept = 1500ms|whole seconds", "access-log = xml|one of off, text, json",
        "proxy-header-timeout = 3|unit"})
    void badListenerKeysAreRefused(String written, String rule) {
        assertThat(problems(listener("bind = 1\n" + written))).singleElement().asString()
                .startsWith("FILE:4: listeners.l.").contains(rule);
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
                        + "already");
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
        assertThat(lines(range.warnings())).singleElement().asString().contains("pools.p.health.port");
    }

    @Test
    void poolThatNobodyUsesIsAWarning() {
        assertThat(lines(read(GOOD + "pools.q { backends = [\"127.0.0.1:2\"] }").warnings()))
                .containsExactly("pools.q: no listener uses this pool");
    }

    @Test
    void writtenLimitThatTheDescriptorsDoNotAllowIsAnErrorAndADerivedOneNever() {
        assertThat(problems(GOOD + "max-connections = 10000")).singleElement().asString()
                .startsWith("FILE:3: max-connections = 10000: needs ").contains("the limit is 20000");
        ConfigReader poor = new ConfigReader(new ConfigReader.Machine(4, 10), Resolver.SYSTEM);
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

    @Test
    void includeTakesAFileInAndMissesOneLoudly(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("pools.conf"), "pools { p { backends = [\"127.0.0.1:2\"], balance = x } }");
        Path main = Files.writeString(folder.resolve("main.conf"),
                "include \"pools.conf\"\nlisteners { l { bind = 1, pool = p } }");
        assertThat(problems(reader().read(main))).singleElement().asString()
                .startsWith(folder.resolve("pools.conf") + ":1: pools.p.balance = \"x\"");
        Files.delete(folder.resolve("pools.conf"));
        assertThat(problems(reader().read(main))).singleElement().asString().contains("pools.conf");
    }
}
