package lb.core.config;

import java.net.InetAddress;

/// An address that a backend is reached on.
public sealed interface Endpoint {

    /// A TCP or UDP address. Names are resolved before a record is built.
    ///
    /// @param port 1 to 65535, or 0 for the port that the client used on the listener
    record Inet(InetAddress address, int port) implements Endpoint {
        public Inet {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("port: " + port + " (expected: 0 to 65535)");
            }
        }

        @Override
        public String toString() {
            return port == 0 ? IpText.of(address) : IpText.of(address, Integer.toString(port));
        }
    }

    /// A unix stream socket.
    ///
    /// @param path a file's path of at most 107 bytes, or `@name` for one in the
    ///     abstract namespace
    record Unix(String path) implements Endpoint {
        @Override
        public String toString() {
            return "unix:" + path;
        }
    }
}
