package lb.cli.log;

import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import lb.core.config.AccessLogFormat;
import lb.core.config.IpText;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.QueueRecord;
import lb.core.session.SessionRecord;

/// The line of one session. The fields are documented in the README; scripts
/// read them, so they only ever get new ones at the end.
final class AccessLogLine {

    private static final TimeText TEXT_TIME = new TimeText("dd/MMM/yyyy:HH:mm:ss");
    private static final TimeText JSON_TIME = new TimeText("yyyy-MM-dd'T'HH:mm:ss");

    private AccessLogLine() {}

    static String of(SessionRecord session, AccessLogFormat format) {
        return format == AccessLogFormat.JSON ? json(session) : text(session);
    }

    /// As HAProxy's tcplog up to the retries, then bytes up, the session's id and the
    /// reason in words; of a flow of datagrams also `udp` and their numbers, up and down.
    static String text(SessionRecord s) {
        Backend backend = s.backend();
        StringBuilder line = new StringBuilder(200);
        address(line, s.client());
        TEXT_TIME.append(line.append(" ["), s.acceptedMillis());
        line.append("] ");
        escape(line, s.listener(), true);
        line.append(' ');
        escape(line, s.pool(), true);
        line.append('/');
        escape(line, backend == null ? "<NOSRV>" : backend.name(), true);
        QueueRecord queued = s.queued();
        line.append(' ').append(queued == null ? 0 : millis(queued.nanos())).append('/')
                .append(millis(s.connectNanos())).append('/').append(millis(s.durationNanos()));
        line.append(' ').append(s.bytesDown()).append(' ').append(s.reason().code());
        line.append(' ').append(s.listenerSessions()).append('/').append(s.listenerSessions()).append('/')
                .append(s.poolSessions()).append('/').append(s.backendSessions()).append('/').append(retries(s));
        line.append(' ').append(queued == null ? 0 : queued.aheadAtBackend()).append('/')
                .append(queued == null ? 0 : queued.aheadInPool()).append(' ').append(s.bytesUp()).append(' ');
        escape(line, s.id(), true);
        line.append(" \"").append(s.reason().cause().text()).append('"');
        if (s.isUdp()) {
            line.append(" udp ").append(s.datagramsUp()).append('/').append(s.datagramsDown());
        }
        return line.toString();
    }

    static String json(SessionRecord s) {
        StringBuilder line = new StringBuilder(400);
        QueueRecord queued = s.queued();
        Backend backend = s.backend();
        JSON_TIME.append(line.append("{\"time\":\""), s.acceptedMillis());
        line.append("Z\"");
        string(line, "id", s.id());
        string(line, "listener", s.listener());
        string(line, "pool", s.pool());
        string(line, "backend", backend == null ? null : backend.name());
        string(line, "backend_address", backend == null ? null : backend.endpoint().toString());
        string(line, "client", address(s.client()));
        string(line, "peer", address(s.peer()));
        string(line, "local", address(s.local()));
        number(line, "connect_us", s.connectNanos() < 0 ? -1 : TimeUnit.NANOSECONDS.toMicros(s.connectNanos()));
        number(line, "duration_us", TimeUnit.NANOSECONDS.toMicros(s.durationNanos()));
        if (queued != null) {
            number(line, "queue_us", TimeUnit.NANOSECONDS.toMicros(queued.nanos()));
            number(line, "queue_backend", queued.aheadAtBackend());
            number(line, "queue_pool", queued.aheadInPool());
        }
        number(line, "bytes_up", s.bytesUp());
        number(line, "bytes_down", s.bytesDown());
        number(line, "tries", s.tries());
        string(line, "end", s.reason().code());
        string(line, "cause", word(s.reason().cause()));
        string(line, "phase", s.reason().phase().name().toLowerCase(Locale.ROOT));
        number(line, "listener_sessions", s.listenerSessions());
        number(line, "pool_sessions", s.poolSessions());
        number(line, "backend_sessions", s.backendSessions());
        if (s.isUdp()) {
            string(line, "protocol", "udp");
            number(line, "datagrams_up", s.datagramsUp());
            number(line, "datagrams_down", s.datagramsDown());
        }
        return line.append('}').toString();
    }

    private static String word(EndCause cause) {
        return cause.name().toLowerCase(Locale.ROOT);
    }

    private static long millis(long nanos) {
        return nanos < 0 ? -1 : TimeUnit.NANOSECONDS.toMillis(nanos);
    }

    private static int retries(SessionRecord session) {
        return Math.max(0, session.tries() - 1);
    }

    private static String address(InetSocketAddress address) {
        StringBuilder text = new StringBuilder();
        address(text, address);
        return text.toString();
    }

    /// Nothing to escape: addresses are numbers here.
    private static void address(StringBuilder line, InetSocketAddress address) {
        line.append(IpText.of(address));
    }

    private static void string(StringBuilder line, String name, @org.jspecify.annotations.Nullable String value) {
        line.append(",\"").append(name).append("\":");
        if (value == null) {
            line.append("null");
        } else {
            line.append('"');
            escape(line, value, false);
            line.append('"');
        }
    }

    private static void number(StringBuilder line, String name, long value) {
        line.append(",\"").append(name).append("\":").append(value);
    }

    /// JSON's escapes, for everything that is not printable ASCII; `oneWord` also for
    /// blanks, so that a text line always has the same columns.
    private static void escape(StringBuilder line, String text, boolean oneWord) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                line.append('\\').append(c);
            } else if (c < ' ' || c > '~' || (oneWord && c == ' ')) {
                line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                line.append(c);
            }
        }
    }
}
