package lb.cli.admin;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import lb.core.config.IpText;
import org.jspecify.annotations.Nullable;

/// Says who may use the admin interface over HTTP: who knows the token. Browsers must not be talked into it by other pages,
/// so the name that they asked for, and the page that they come from, have to be ours.
///
/// Threading: lb-admin.
final class AdminGuard {

    /// Of the unix socket: who may open the file may ask.
    static final AdminGuard NONE = new AdminGuard(null);

    private static final String SCHEME = "bearer ";
    private static final Set<String> OPEN = Set.of("/live", "/ready");

    private final byte @Nullable [] tokenDigest;

    /// @param token null for none
    AdminGuard(@Nullable String token) {
        this.tokenDigest = token == null ? null : digest(token);
    }

    /// Why a request is refused, or null.
    ///
    /// @param path without parameters
    /// @param bound the address that the client connected to; null for a unix socket
    @Nullable
    Answer refusal(String path, HttpHeaders headers, @Nullable InetSocketAddress bound) {
        byte[] expected = tokenDigest;
        if (expected == null || bound == null) {
            return null;
        }
        if (!isOwn(headers.get(HttpHeaderNames.HOST), bound)) {
            return Answer.error(Answer.FORBIDDEN, "foreign Host: expected " + IpText.of(bound));
        }
        String origin = headers.get(HttpHeaderNames.ORIGIN);
        if (origin != null && !(origin.startsWith("http://") && isOwn(origin.substring("http://".length()), bound))) {
            return Answer.error(Answer.FORBIDDEN, "foreign Origin");
        }
        if (OPEN.contains(path)) {
            return null;
        }
        String given = headers.get(HttpHeaderNames.AUTHORIZATION, "");
        // Digests are of one length, and compared in one time.
        boolean isKnown = given.toLowerCase(Locale.ROOT).startsWith(SCHEME)
                && MessageDigest.isEqual(expected, digest(given.substring(SCHEME.length()).strip()));
        return isKnown ? null : Answer.error(Answer.UNAUTHORIZED, "expected the header Authorization: Bearer TOKEN");
    }

    private static boolean isOwn(@Nullable String host, InetSocketAddress bound) {
        String port = ":" + bound.getPort();
        return host != null && host.endsWith(port) && List.of("localhost", "127.0.0.1", "[::1]", ownName(bound))
                .contains(host.substring(0, host.length() - port.length()).toLowerCase(Locale.ROOT));
    }

    private static String ownName(InetSocketAddress bound) {
        String text = IpText.of(bound);
        return text.substring(0, text.lastIndexOf(':'));
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // every Java has it
        }
    }
}
