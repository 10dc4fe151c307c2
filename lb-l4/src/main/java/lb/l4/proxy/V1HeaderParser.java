package lb.l4.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import lb.core.config.IpText;
import lb.l4.proxy.ProxyHeader.Command;
import lb.l4.proxy.ProxyHeaderResult.Complete;
import lb.l4.proxy.ProxyHeaderResult.Incomplete;
import lb.l4.proxy.ProxyHeaderResult.Malformed;
import org.jspecify.annotations.Nullable;

/// One look at the line of a version 1 header (proxy-protocol.txt, section
/// 2.1): `PROXY` SP `TCP4|TCP6|UNKNOWN` SP source SP destination SP port SP port
/// CRLF.
///
/// Threading: used once, by one thread. Invariant: a method that answers "no"
/// (false, null or -1) has set `refusal`.
final class V1HeaderParser {

    /// The longest line, with CRLF.
    static final int MAX_BYTES = 107;
    /// `PROXY UNKNOWN` CRLF.
    static final int SHORTEST_BYTES = 15;
    /// `PROXY TCP4 0.0.0.0 0.0.0.0 0 0` CRLF.
    private static final int SHORTEST_TCP4_BYTES = 32;
    /// `PROXY TCP6 :: :: 0 0` CRLF.
    private static final int SHORTEST_TCP6_BYTES = 22;

    private static final String[] STARTS = {"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN ", "PROXY UNKNOWN\r\n"};
    private static final String DIGITS = "0123456789";
    private static final String IPV4_CHARACTERS = DIGITS + ".";
    private static final String IPV6_CHARACTERS = DIGITS + "abcdefABCDEF:.";
    private static final int IPV4_TEXT_BYTES = 15;
    /// Six groups and a dotted quad.
    private static final int IPV6_TEXT_BYTES = 45;
    private static final int PORT_TEXT_BYTES = 5;

    private final ByteBuffer in;
    private final int start;
    private final int available;
    /// The next byte to look at, counted from `start`.
    private int at;
    private int shortestBytes = SHORTEST_BYTES;
    private ProxyHeaderResult refusal = new Incomplete(SHORTEST_BYTES);

    /// @param in starts with `P`; left as it is
    V1HeaderParser(ByteBuffer in) {
        this.in = in;
        this.start = in.position();
        this.available = in.remaining();
    }

    ProxyHeaderResult parse() {
        boolean beginning = false;
        for (String candidate : STARTS) {
            int matching = matchingBytes(candidate);
            if (matching == candidate.length()) {
                at = matching;
                return afterStart(candidate);
            }
            beginning |= matching == available;
        }
        return beginning ? new Incomplete(SHORTEST_BYTES) : ProxyHeaderParser.noHeader(in);
    }

    private int matchingBytes(String candidate) {
        int matching = 0;
        int most = Math.min(candidate.length(), available);
        while (matching < most && byteAt(matching) == candidate.charAt(matching)) {
            matching++;
        }
        return matching;
    }

    private ProxyHeaderResult afterStart(String matched) {
        return switch (matched) {
            case "PROXY TCP4 " -> addresses(Transport.TCP4, SHORTEST_TCP4_BYTES);
            case "PROXY TCP6 " -> addresses(Transport.TCP6, SHORTEST_TCP6_BYTES);
            case "PROXY UNKNOWN " -> unknown();
            default -> new Complete(ProxyHeader.OF_UNKNOWN, at);
        };
    }

    /// Whatever stands before CRLF is ignored, as section 2.1 demands.
    private ProxyHeaderResult unknown() {
        for (; at < Math.min(available, MAX_BYTES) - 1; at++) {
            if (byteAt(at) == '\r' && byteAt(at + 1) == '\n') {
                return new Complete(ProxyHeader.OF_UNKNOWN, at + 2);
            }
        }
        return ranOut();
    }

    private ProxyHeaderResult addresses(Transport transport, int shortest) {
        shortestBytes = shortest;
        InetAddress source = address("source address", transport);
        if (source == null) {
            return refusal;
        }
        InetAddress destination = address("destination address", transport);
        if (destination == null) {
            return refusal;
        }
        int sourcePort = port("source port", ' ');
        if (sourcePort < 0) {
            return refusal;
        }
        int destinationPort = port("destination port", '\r');
        if (destinationPort < 0 || !lineFeed()) {
            return refusal;
        }
        return new Complete(new ProxyHeader(Command.PROXY, transport, new InetSocketAddress(source, sourcePort),
                new InetSocketAddress(destination, destinationPort), List.of()), at);
    }

    private @Nullable InetAddress address(String name, Transport transport) {
        boolean ipv4 = transport == Transport.TCP4;
        String text = ipv4
                ? field(name, IPV4_CHARACTERS, IPV4_TEXT_BYTES, ' ')
                : field(name, IPV6_CHARACTERS, IPV6_TEXT_BYTES, ' ');
        if (text == null) {
            return null;
        }
        byte[] bytes = ipv4 ? IpText.parseIpv4(text) : IpText.parseIpv6(text);
        if (bytes == null) {
            refusal = new Malformed(name + " \"" + text + "\" is no IPv" + (ipv4 ? "4" : "6") + " address");
            return null;
        }
        return IpText.addressOf(bytes);
    }

    private int port(String name, char end) {
        String text = field(name, DIGITS, PORT_TEXT_BYTES, end);
        if (text == null) {
            return -1;
        }
        int port = Integer.parseInt(text);
        if (port > 65535 || (text.length() > 1 && text.charAt(0) == '0')) {
            refusal = new Malformed(name + " \"" + text + "\" is no number from 0 to 65535 without leading zeros");
            return -1;
        }
        return port;
    }

    /// The text up to `end`, which is consumed; at least one character, all of
    /// `allowed`, so that it can be shown as it is.
    private @Nullable String field(String name, String allowed, int maxBytes, char end) {
        int from = at;
        for (; at < Math.min(available, MAX_BYTES); at++) {
            byte value = byteAt(at);
            if (value == end && at > from) {
                return text(from, at++);
            }
            if (allowed.indexOf(value) < 0 || at - from == maxBytes) {
                refusal = new Malformed(
                        name + ": unexpected byte 0x" + HexFormat.of().toHexDigits(value) + " at offset "
                                + at + " of a version 1 line");
                return null;
            }
        }
        refusal = ranOut();
        return null;
    }

    private boolean lineFeed() {
        if (at >= Math.min(available, MAX_BYTES)) {
            refusal = ranOut();
            return false;
        }
        if (byteAt(at++) != '\n') {
            refusal = new Malformed("CR without LF in a version 1 line");
            return false;
        }
        return true;
    }

    /// The result when all bytes were looked at and the line goes on.
    private ProxyHeaderResult ranOut() {
        boolean crInTime = available < MAX_BYTES - 1 || byteAt(MAX_BYTES - 2) == '\r';
        if (available >= MAX_BYTES || !crInTime) {
            return new Malformed("no CRLF within the first " + MAX_BYTES + " bytes of a version 1 line");
        }
        return new Incomplete(Math.max(shortestBytes, available + 1));
    }

    private String text(int from, int to) {
        byte[] bytes = new byte[to - from];
        in.get(start + from, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private byte byteAt(int index) {
        return in.get(start + index);
    }
}
