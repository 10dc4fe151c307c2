package lb.cli.config;

import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FlagsTest {

    @Test
    void flagsAndFileMakeTheSameRecords() {
        Flags flags = new Flags().listen("--listen", "tcp://127.0.0.1:5432").listen("--listen", "[::1]:5432")
                .listener("--allow", "allow", List.of("10.0.0.0/8"))
                .pool("--backend", "backends", List.of("127.0.0.1:15432", "127.0.0.1:25432,weight=3,name=big,backup"))
                .pool("--balance", "balance", "least-connections").pool("--proxy-protocol", "proxy-protocol", "v2")
                .pool("--health-interval", "health.interval", "5s").top("--workers", "workers", "3")
                .top("--access-log", "access-log", "json");
        assertThat(Readings.valid(Readings.reader().read(flags))).isEqualTo(Readings
                .valid("""
                        workers = 3
                        access-log = json
                        listeners {
                          default { bind = "127.0.0.1:5432", pool = default, allow = ["10.0.0.0/8"] }
                          default-2 { bind = "[::1]:5432", pool = default, allow = ["10.0.0.0/8"] }
                        }
                        pools {
                          default {
                            balance = least-connections
                            proxy-protocol = v2
                            backends = ["127.0.0.1:15432", { address = "127.0.0.1:25432", weight = 3, name = big, backup = true }]
                            health { interval = 5s }
                          }
                        }
                        """));
    }

    @Test
    void withoutHostAListenerHasAllAddresses() {
        for (String address : List.of("tcp://:5432", ":5432", "5432", "*:5432")) {
            Flags flags = new Flags().listen("--listen", address).pool("--backend", "backends",
                    List.of("tcp://127.0.0.1:1"));
            var config = Readings.valid(Readings.reader().read(flags));
            assertThat(config.listeners().getFirst().bind()).hasToString("*:5432");
            assertThat(config.pools().getFirst().backends().getFirst().name()).isEqualTo("127.0.0.1:1");
        }
        Flags udp = new Flags().listen("--listen", "udp://:6031").pool("--backend", "backends", List.of("127.0.0.1:1"));
        assertThat(Readings.valid(Readings.reader().read(udp)).listeners().getFirst()).satisfies(listener -> {
            assertThat(listener.bind()).hasToString("*:6031");
            assertThat(listener.tcp()).isFalse();
        });
    }

    @Test
    void problemsNameTheFlag() {
        Flags flags = new Flags().listen("--listen", "sctp://99999")
                .pool("--backend", "backends", List.of("127.0.0.1:1,weight=-1"))
                .pool("--balance", "balance", "round-robbin").pool("--health", "health.type", "maybe");
        assertThat(Readings.problems(Readings.reader().read(flags))).containsExactlyInAnyOrder(
                "--backend: pools.default.backends[0].weight = \"-1\": expected a whole number from 0 to 256",
                "--balance: pools.default.balance = \"round-robbin\": expected one of round-robin, least-connections, "
                        + "random-two, least-time, hash, five-tuple-hash, source-hash (did you mean round-robin?)",
                "--health: pools.default.health.type = \"maybe\": expected one of auto, tcp, udp, dns, passive, "
                        + "off",
                "--listen: listeners.default.protocol = \"sctp\": expected tcp, udp or [tcp, udp]",
                "--listen: listeners.default.bind = \"99999\": expected a port from 0 to 65535");
    }

    @Test
    void problemsBetweenFlagsNameThemToo() {
        Flags twice = new Flags().listen("--listen", "127.0.0.1:1").listen("--listen", "127.0.0.1:1")
                .pool("--backend", "backends", List.of("10.0.0.1:1", "10.0.0.1:1"))
                .listener("--allow", "allow", List.of("1.1.1.1", "1/8"));
        assertThat(Readings.problems(Readings.reader().read(twice))).hasSize(4)
                .contains(
                        "--listen: listeners.default-2.bind = \"127.0.0.1:1\": overlaps with listeners.default, which "
                                + "binds 127.0.0.1:1")
                .anyMatch(line -> line.startsWith("--backend: pools.default.backends[1] = \"10.0.0.1:1\": duplicate"))
                .filteredOn(line -> line.startsWith("--allow: listeners.default")).hasSize(2);
        Flags range = new Flags().listen("--listen", "127.0.0.1:1-2").pool("--backend", "backends",
                List.of("10.0.0.1"));
        assertThat(Readings.lines(Readings.reader().read(range).warnings())).singleElement().asString()
                .startsWith("--backend: pools.default.health.port: there is no one port");
    }
}
