package lb.cli.it;

import java.util.List;
import lb.cli.it.process.Child;
import lb.cli.it.process.LbProcess;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// A network namespace in which not even the loopback device is up.
class NamespaceTest {

    private static final List<String> UNSHARE = List.of("unshare", "--map-root-user", "--net");

    @Test
    void withoutNetworkDevicesNothingButTheBackendsIsComplainedOf() throws Exception {
        try (Child probe = Child.start("unshare", "--map-root-user", "--net", "true")) {
            assumeTrue(probe.exitStatus() == 0, "no right to make namespaces here");
        }
        try (LbProcess lb = LbProcess.runUnder(UNSHARE, "--listen", "127.0.0.1:0", "--backend", "127.0.0.1:1")) {
            lb.err().await("ERROR pool default has no backend left");
            assertThat(lb.err().linesWith(" WARN ")).singleElement().asString().contains("is DOWN");
            assertThat(lb.err().toString()).doesNotContain("Exception", "hardware address");
        }
    }
}
