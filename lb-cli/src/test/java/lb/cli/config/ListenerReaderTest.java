package lb.cli.config;

import java.util.List;
import lb.core.config.AccessLogConfig;
import lb.core.config.AccessLogFormat;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static lb.cli.config.Readings.listener;
import static lb.cli.config.Readings.problems;
import static lb.cli.config.Readings.read;
import static lb.cli.config.Readings.valid;
import static org.assertj.core.api.Assertions.assertThat;

class ListenerReaderTest {

    @Test
    void wordsOfLaterVersionsAreRefusedPlainly() {
        for (String protocol : List.of("http", "https", "[tcp, http]")) {
            assertThat(problems(listener("bind = 1\nprotocol = " + protocol))).singleElement().asString()
                    .startsWith("FILE:4: listeners.l.protocol = ")
                    .endsWith("not supported by this version yet; expected tcp, udp or [tcp, udp]");
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
        "[1,2]|expected \"HOST:PORT\"", "\"127.0.0.1:a-b\"|a range of ports such as 6000-6100",
        "\"tcp://127.0.0.1:1\"|without anything in front", "\"unix:/a\"|without anything in front"})
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
    @CsvSource(delimiter = '|', value = {"allow = [\"10.0.0.1/8\"]|bits set after its prefix",
        "deny = [\"10.0.0.0/33\"]|0 "
                + "to 32",
        "allow = [\"example\"]|expected a network", "deny = \"::/129\"|0 to 128",
        "allow = \"1.2.3.4/\"|0 to 32", "allow = \"10.1.1.1/8\"|expected \"10.0.0.0/8\"",
        "allow = \"010.0.0.1\"|without leading zeros", "allow = \"[::1]\"|expected a network",
        "receive-buffer = off|or auto", "backlog = 0|1 to 1000000", "tos = 256|0 to 255",
        "receive-buffer = 64q|size", "send-buffer = 2g|1 to 1g", "interface = \"a name too long\"|interface",
        "defer-accept = 1500ms|whole seconds", "access-log = xml|one of off, text, json",
        "access-log { one-in = 0 }|1 to 1000000", "access-log { events = both }|one of end, start-and-end",
        "proxy-header-timeout = 3|unit"})
    void badListenerKeysAreRefused(String written, String rule) {
        assertThat(problems(listener("bind = 1\n" + written))).singleElement().asString()
                .startsWith("FILE:4: listeners.l.").contains(rule);
    }

    @Test
    void whatAListenerDoesNotSayOfTheAccessLogTheTopSays() {
        LbConfig config = valid(
                read("""
                        access-log { format = text, one-in = 10, tcp-info = true }
                        listeners {
                          as-top { bind = 1, pool = p }
                          off { bind = 2, pool = p, access-log = off }
                          other { bind = 3, pool = p, access-log { format = json, one-in = 1, events = start-and-end, tcp-info = false } }
                        }
                        pools { p { backends = ["127.0.0.1:9"] } }
                        """));
        assertThat(config.listeners().stream().map(ListenerConfig::accessLog)).containsExactly(
                new AccessLogConfig(AccessLogFormat.TEXT, 10, false, true),
                new AccessLogConfig(AccessLogFormat.OFF, 10, false, true),
                new AccessLogConfig(AccessLogFormat.JSON, 1, true, false));
    }

    @Test
    void eachNetworkOfAListIsAProblemOfItsOwn() {
        assertThat(problems(listener("bind = 1\nallow = [\"1.1.1.1\", \"1.1.1.1/33\",\nx]"))).containsExactly(
                "FILE:4: listeners.l.allow[1] = \"1.1.1.1/33\": expected a prefix length from 0 to 32 behind the slash",
                "FILE:5: listeners.l.allow[2] = \"x\": expected a network such as \"10.0.0.0/8\" or \"fd00::/8\", "
                        + "or one address");
    }
}
