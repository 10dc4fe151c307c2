package lb.cli.it;

import java.nio.file.Files;
import java.nio.file.Path;
import lb.cli.it.process.Child;
import lb.cli.it.process.DebianProgram;
import lb.cli.it.process.LbProcess;
import lb.l4.peers.ReservedPort;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// Name servers (dnsmasq) behind one listener for UDP and TCP, asked by dig.
class DnsTest {

    @TempDir Path folder;

    @Test
    void questionsAreAnsweredOverUdpAndTcpAndAfterAServerIsGone() throws Exception {
        String dig = DebianProgram.DIG.path();
        try (ReservedPort one = new ReservedPort();
                ReservedPort two = new ReservedPort();
                Child first = server(one, "192.0.2.1");
                Child second = server(two, "192.0.2.1")) {
            Path config = Files.writeString(folder.resolve("lb.conf"), """
                    access-log = text
                    listeners { dns { bind = "127.0.0.1:0", protocol = [tcp, udp], pool = dns, responses = 1 } }
                    pools { dns { backends = ["%s", "%s"]
                      health { type = dns, query = "lb.test", interval = 200ms, fast-interval = 100ms } } }
                    """.formatted(one.text(), two.text()));
            try (LbProcess lb = LbProcess.runFile(config)) {
                String port = Integer.toString(lb.address("dns").getPort());
                for (int i = 0; i < 20; i++) {
                    assertThat(ask(dig, port, "+notcp", "A")).isEqualTo("192.0.2.1");
                    assertThat(ask(dig, port, "+tcp", "A")).isEqualTo("192.0.2.1");
                }
                // About 3,000 bytes in one datagram.
                assertThat(ask(dig, port, "+notcp", "TXT")).hasSizeGreaterThan(2500);
                assertThat(ask(dig, port, "+tcp", "TXT")).hasSizeGreaterThan(2500);
                Awaitility.await().until(() -> lb.out().linesWith("\" udp 1/1").size() >= 21);
                assertThat(lb.out().linesWith(" dns/" + one.text())).isNotEmpty();
                assertThat(lb.out().linesWith(" dns/" + two.text())).isNotEmpty();
                first.signal("KILL");
                lb.err().await("backend dns/" + one.text() + " is DOWN");
                for (int i = 0; i < 20; i++) {
                    assertThat(ask(dig, port, "+notcp", "A")).isEqualTo("192.0.2.1");
                }
            }
            assertThat(second.isAlive()).isTrue();
        }
    }

    private static Child server(ReservedPort port, String address) throws Exception {
        StringBuilder text = new StringBuilder("--txt-record=lb.test");
        for (int i = 0; i < 12; i++) {
            text.append(',').append("x".repeat(240));
        }
        Child server = Child.start(DebianProgram.DNSMASQ.path(), "--keep-in-foreground", "--conf-file=/dev/null",
                "--no-resolv", "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1",
                "--port=" + port.number(),
                "--user=", "--pid-file=", "--edns-packet-max=4096", "--address=/lb.test/" + address, text.toString());
        Awaitility.await().until(port::answers);
        return server;
    }

    private static String ask(String dig, String port, String transport, String type) throws Exception {
        return Child.run(dig, "@127.0.0.1", "-p", port, transport, "+bufsize=4096", "+ignore", "+short", "+tries=1",
                "+time=5", "lb.test", type);
    }
}
