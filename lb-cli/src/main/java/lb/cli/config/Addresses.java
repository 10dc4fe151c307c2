package lb.cli.config;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import lb.cli.config.ValueParser.Rejected;
import lb.core.config.Bind;
import lb.core.config.Cidr;
import lb.core.config.Endpoint;
import lb.core.config.IpText;
import org.jspecify.annotations.Nullable;

/// Parsers of what is an address or has one in it. None of them asks DNS.
final class Addresses {

    private static final int LONGEST_UNIX_PATH = 107; // sun_path less its zero byte
    private static final int LONGEST_HOST = 253;

    private Addresses() {}

    /// Where a backend is, as written.
    sealed interface Target {
        /// A complete address.
        record Known(Endpoint endpoint) implements Target {}

        /// A host name that has to be resolved.
        record Named(String host, int port) implements Target {}
    }

    /// A text parted into host and port; the port is null if there was none.
    private record HostPort(String host, @Nullable String port) {}

    static ValueParser<Target> target() {
        String expected = "\"HOST:PORT\", \"HOST\", \"[IPV6]:PORT\" or \"unix:/PATH\"";
        return ValueParser.text(expected, written -> {
            String text = withoutScheme(written);
            if (text.startsWith("unix:")) {
                return new Target.Known(unix(text.substring("unix:".length())));
            }
            if (text.contains("://")) {
                throw new Rejected("expected " + expected);
            }
            HostPort parts = split(text, expected);
            int port = parts.port() == null ? 0 : port(parts.port(), 1);
            InetAddress literal = literal(parts.host());
            if (literal != null) {
                return new Target.Known(new Endpoint.Inet(literal, port));
            }
            if (!isHostName(parts.host())) {
                throw new Rejected("expected " + expected);
            }
            return new Target.Named(parts.host().toLowerCase(Locale.ROOT), port);
        });
    }

    /// An address less `tcp://` or `udp://`, which say nothing that is not so anyway: the listener has the protocol.
    static String withoutScheme(String address) {
        return address.startsWith("tcp://") || address.startsWith("udp://")
                ? address.substring("tcp://".length())
                : address;
    }

    static ValueParser<Bind> bind() {
        String expected = "\"HOST:PORT\", \"HOST:FIRST-LAST\", \"[IPV6]:PORT\", \":PORT\" or a port";
        return ValueParser.text(expected, text -> {
            if (text.contains("://") || text.startsWith("unix:")) {
                throw new Rejected("expected " + expected + ", without anything in front");
            }
            HostPort parts = text.matches("-?\\d+(-\\d+)?") ? new HostPort("*", text) : split(text, expected);
            if (parts.port() == null) {
                throw new Rejected("has no port (expected " + expected + ")");
            }
            int dash = parts.port().indexOf('-', 1);
            if (dash >= 0 && !parts.port().matches("\\d+-\\d+")) {
                throw new Rejected("expected a port, or a range of ports such as 6000-6100");
            }
            int first = port(dash < 0 ? parts.port() : parts.port().substring(0, dash), dash < 0 ? 0 : 1);
            int last = dash < 0 ? first : port(parts.port().substring(dash + 1), 1);
            if (last < first) {
                throw new Rejected("expected a range of ports whose first is not above its last");
            }
            return new Bind(bindHost(parts.host()), first, last);
        });
    }

    static ValueParser<Cidr> cidr() {
        return ValueParser.text("a network such as \"10.0.0.0/8\"", text -> {
            int slash = text.indexOf('/');
            InetAddress address = literal(slash < 0 ? text : text.substring(0, slash));
            if (address == null || text.startsWith("[")) {
                throw new Rejected("expected a network such as \"10.0.0.0/8\" or \"fd00::/8\", or one address");
            }
            int bits = address.getAddress().length * 8;
            if (slash >= 0) {
                String length = text.substring(slash + 1);
                if (!length.matches("\\d{1,3}") || Integer.parseInt(length) > bits) {
                    throw new Rejected("expected a prefix length from 0 to " + bits + " behind the slash");
                }
                String first = network(address, Integer.parseInt(length));
                if (!first.startsWith(IpText.of(address) + "/")) {
                    throw new Rejected("has bits set after its prefix; expected \"" + first + "\"");
                }
            }
            try {
                return Cidr.parse(text);
            } catch (IllegalArgumentException e) {
                throw new Rejected("expected a network such as \"10.0.0.0/8\" or \"fd00::/8\", or one address, "
                        + "without leading zeros, zone, or IPv4 inside IPv6");
            }
        });
    }

    /// The network of that length that an address is in.
    private static String network(InetAddress address, int length) {
        byte[] bytes = address.getAddress();
        for (int bit = length; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        try {
            return IpText.of(InetAddress.getByAddress(bytes)) + "/" + length;
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Endpoint unix(String path) throws Rejected {
        int bytes = path.getBytes(StandardCharsets.UTF_8).length;
        boolean named = path.startsWith("@") ? bytes > 1 : path.startsWith("/");
        if (!named || bytes > LONGEST_UNIX_PATH) {
            throw new Rejected("expected \"unix:/PATH\" or \"unix:@NAME\" of at most " + LONGEST_UNIX_PATH + " bytes");
        }
        return new Endpoint.Unix(path);
    }

    private static @Nullable InetAddress bindHost(String host) throws Rejected {
        if (host.isEmpty() || host.equals("*")) {
            return null;
        }
        InetAddress literal = literal(host.equals("localhost") ? "127.0.0.1" : host);
        if (literal == null) {
            throw new Rejected(
                    "expected an address of this machine in front of the port: an IP address, * or localhost");
        }
        return literal;
    }

    private static HostPort split(String text, String expected) throws Rejected {
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            String rest = end < 0 ? "?" : text.substring(end + 1);
            if (!rest.isEmpty() && !rest.startsWith(":")) {
                throw new Rejected("expected " + expected);
            }
            String host = text.substring(1, end);
            if (!(literal(host) instanceof Inet6Address)) {
                throw new Rejected("expected an IPv6 address between the brackets");
            }
            return new HostPort(host, rest.isEmpty() ? null : rest.substring(1));
        }
        int colon = text.indexOf(':');
        if (colon != text.lastIndexOf(':')) {
            throw new Rejected("expected an IPv6 address in brackets, such as \"[::1]:5432\"");
        }
        return colon < 0 ? new HostPort(text, null) : new HostPort(text.substring(0, colon), text.substring(colon + 1));
    }

    private static int port(String text, int min) throws Rejected {
        if (text.matches("\\d{1,5}") && Integer.parseInt(text) >= min && Integer.parseInt(text) <= 65535) {
            return Integer.parseInt(text);
        }
        throw new Rejected("expected a port from " + min + " to 65535");
    }

    /// The address, or null for what is no literal address.
    private static @Nullable InetAddress literal(String text) {
        try {
            if (text.indexOf(':') >= 0) {
                return InetAddress.ofLiteral(text);
            }
            return text.matches("\\d{1,3}(\\.\\d{1,3}){3}") ? Inet4Address.ofLiteral(text) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /// A name of letters, digits, hyphens and dots (underscores are seen in the
    /// wild) that is not made of digits alone, as a mistyped address would be.
    private static boolean isHostName(String text) {
        return text.length() <= LONGEST_HOST && text.matches("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
                && !text.matches("[0-9.]+") && !text.contains("..");
    }
}
