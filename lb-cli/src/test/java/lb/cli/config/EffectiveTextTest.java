package lb.cli.config;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class EffectiveTextTest {

    /// Every key has a value that is not its default.
    private static final String ALL = """
            workers = 7
            max-connections = 123
            drain-timeout = 1500ms
            busy-poll = 1.5ms
            congestion-control = system
            access-log { format = text, one-in = 10, events = start-and-end, tcp-info = true }
            access-log-file = "/var/log/lb/a b.log"
            zone = "eu-1{a}"
            admin { socket = "/run/x y/s" }
            state-file = off
            listeners {
              a {
                bind = "[::1]:6000-6100", pool = "p 1", protocol = [tcp], allow = ["10.0.0.0/8", "::1"], deny = "fd00::/16"
                max-connections = 10, proxy-protocol-from = ["127.0.0.1"], proxy-header-timeout = 1.5s, access-log { format = json, one-in = 2, events = end }
                backlog = 5, defer-accept = 3s, fastopen = 9, interface = eth0, tos = 16, receive-buffer = 64k
                send-buffer = 1m, on-full = refuse, dry-run = true, reject { action = tarpit, tarpit = 3s }
                per-source {
                  max-connections = 7, connection-rate = "90/m", burst = 5, bandwidth-up = 2m, bandwidth-down = 3m
                  ipv4-prefix = 24, ipv6-prefix = 56, table-size = 9000
                }
                bandwidth { up = 4k, down = 5k }
              }
              b { bind = "*:0", pool = q }
              "c.d" { bind = 7000, pool = r }
              u {
                bind = 7001, pool = u, protocol = udp, idle-timeout = 7s, requests = 3, responses = 0, max-flows = 9
                unanswered { count = 4, within = 3s }, max-flows-per-source = 5, shed = oldest-idle
                flow-key { type = quic-connection-id, length = 3, offset = 2 }, udp-proxy-header = first
              }
              both { bind = 7002, pool = v, protocol = [tcp, udp], responses = 1, max-flows = 9 }
            }
            pools {
              "p.1" {
                backends = ["two.test:80,name=x", { address = "unix:/run/a b", name = u, weight = 256, backup = true
                  max-connections = 9 }
                  { address = "10.0.0.3:1", priority = 127, zone = "eu-1{a}" }]
                balance { type = hash, key = five-tuple, table = ring, bounded-load = 150 }
                proxy-protocol { version = v2, crc32c = true, unique-id = true, pass-through = ["0xE0", 3] }
                health { type = off, interval = 90s, fast-interval = 1ms, down-interval = 1h, timeout = 2.5ms, rise = 7
                  fall = 8, port = 9 }
                on-none-healthy = all, connect-timeout = 1d, connect-tries = 9, idle-timeout = off, fin-timeout = off
                max-lifetime = 61m, lifetime-jitter = 0
                keepalive { idle = 1s, interval = 2s, count = 3, user-timeout = 4s }
                max-connections = 5, queue-length = 6, queue-timeout = 7s, queue-scope = pool
                lost-backend { check-failed = close-now, connect-failed = keep, role-changed = close-after 1500ms
                  removed = close-after 5m, drain = close-after 2h, maintenance = keep, keep-if-down = off, close-rate = 7 }
                slow-start = 30s, panic-threshold = 33, overprovisioning = 111
                retry-budget { percent = 3, per-second = 0 }
                outlier { consecutive-failures = 4, base-ejection = 3s, max-ejection = 4s, max-ejected = 55 }
              }
              q { backends = ["10.0.0.1"], retry-budget = off, lost-backend { close-rate = off }, balance = source-hash, keepalive = off, health { port = 1 } }
              r { backends = ["10.0.0.1"], balance = least-time }
              u {
                backends = [{ address = "10.0.0.1", server-id = "0x0A0B01" }, "10.0.0.2,server-id=0x01"]
                proxy-protocol { version = v2, udp-proxy-header = first }, health { type = udp, send = "0x00ff", expect = a
                  port = 3 }
              }
              v { backends = ["10.0.0.1:53"], health { type = dns, query = "example.org." } }
            }
            """
            .replace("\"p 1\"", "\"p.1\"");

    @Test
    void readsBackToTheSameRecords() {
        ReadResult.Valid first = (ReadResult.Valid) Readings.read(ALL);
        String text = EffectiveText.of(first);
        assertThat(Readings.valid(text)).isEqualTo(first.config());
    }

    @Test
    void saysWhatWasDerivedAndFromWhat() {
        ReadResult.Valid derived = (ReadResult.Valid) Readings.read("""
                listeners { l { bind = 1, pool = p } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """);
        assertThat(EffectiveText.of(derived)).contains("workers = 4 # derived: 4 cores available\n").contains(
                "max-connections = 9821 # derived: (limit of 20000 descriptors - 357 in reserve) / 2");
        assertThat(EffectiveText.of((ReadResult.Valid) Readings.read(ALL))).doesNotContain("derived");
        ReadResult.Valid udp = (ReadResult.Valid) Readings.read("""
                listeners { l { bind = 1, pool = p, protocol = udp } }
                pools { p { backends = ["127.0.0.1:2"] } }
                """);
        assertThat(EffectiveText.of(udp)).contains(
                "max-connections = 19643 # derived: (limit of 20000 descriptors - 357 in reserve) / 1",
                "max-flows = 19643"
                        + " # derived: the least of 100000, max-connections (19643) and 28232 local ports x 1 backends");
    }
}
