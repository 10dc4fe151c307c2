package lb.core.config;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// The addresses that a listener binds.
///
/// @param host null for all addresses of both families
/// @param firstPort 0 to 65535; 0 lets the kernel choose, and is no range
/// @param lastPort `firstPort` for a single port
public record Bind(@Nullable InetAddress host, int firstPort, int lastPort) {

    public Bind {
        if (firstPort < 0 || lastPort > 65535 || lastPort < firstPort || (firstPort == 0 && lastPort != 0)) {
            throw new IllegalArgumentException(
                    "ports: " + firstPort + "-" + lastPort + " (expected: 1 to 65535, first not above last)");
        }
    }

    @Override
    public String toString() {
        String ports = firstPort == lastPort ? Integer.toString(firstPort) : firstPort + "-" + lastPort;
        if (host == null) {
            return "*:" + ports;
        }
        return IpText.of(host, ports);
    }
}
