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
import lb.core.session.Side;
import lb.core.session.TcpInfo;
import org.jspecify.annotations.Nullable;

/// The line of one session. The fields are documented in the README; scripts
/// read them, so they only ever get new ones at the end.
final class AccessLogLine {

    private static final TimeText TEXT_TIME = new TimeText("dd/MMM/yyyy:HH:mm:ss");
    private static final TimeText JSON_TIME = new TimeText("yyyy-MM-dd'T'HH:mm:ss");

    private AccessLogLine() {}

    /// What a line is about.
    enum Event {
        /// The session is connected to its backend; of a listener that wants such lines.
        START,
        /// The session has ended; of a listener that wants both.
        END,
        /// The session has ended, and there was no line before.
        ONLY_END
    }

    static String of(SessionRecord session, AccessLogFormat format, Event event) {
        return format == AccessLogFormat.JSON ? json(session, event) : text(session, event);
    }

    /// As HAProxy's tcplog up to the retries, then bytes up, the session's id and the
    /// reason in words; then `udp` and the numbers of datagrams, up and down, or `tcp` and who closed first.
    private static String text(SessionRecord s, Event event) {
        Backend backend = s.backend();
        StringBuilder line = new StringBuilder(200);
        address(line, s.client());
        TEXT_TIME.append(line.append(" ["), s.acceptedMillis());
        line.append("] ");
        JsonText.escape(line, s.listener(), true);
        line.append(' ');
        JsonText.escape(line, s.pool(), true);
        line.append('/');
        JsonText.escape(line, backend == null ? "<NOSRV>" : backend.name(), true);
        QueueRecord queued = s.queued();
        line.append(' ').append(queued == null ? 0 : millis(queued.nanos())).append('/')
                .append(millis(s.connectNanos())).append('/').append(millis(s.durationNanos()));
        line.append(' ').append(s.bytesDown()).append(' ').append(s.reason().code());
        line.append(' ').append(s.listenerSessions()).append('/').append(s.listenerSessions()).append('/')
                .append(s.poolSessions()).append('/').append(s.backendSessions()).append('/').append(retries(s));
        line.append(' ').append(queued == null ? 0 : queued.aheadAtBackend()).append('/')
                .append(queued == null ? 0 : queued.aheadInPool()).append(' ').append(s.bytesUp()).append(' ');
        JsonText.escape(line, s.id(), true);
        line.append(" \"").append(event == Event.START ? "started" : s.reason().cause().text()).append('"');
        if (s.isUdp()) {
            line.append(" udp ").append(s.datagramsUp()).append('/').append(s.datagramsDown());
        } else if (event != Event.START) {
            line.append(" tcp ").append(closedFirst(s));
        }
        TcpInfo info = s.tcpInfo();
        if (info != null) {
            line.append(" rtt ").append(rtt(info.client())).append('/').append(rtt(info.backend()));
            line.append(" retransmits ").append(retransmits(info.client())).append('/')
                    .append(retransmits(info.backend()));
        }
        return line.toString();
    }

    /// The first FIN or reset: whose it was. `lb` where it was this program's, which then reset both sides.
    private static String closedFirst(SessionRecord s) {
        Side firstFin = s.firstFin();
        if (firstFin != null) {
            return firstFin == Side.CLIENT ? "client-fin" : "backend-fin";
        }
        EndCause cause = s.reason().cause();
        if (cause == EndCause.CLIENT_CLOSED) {
            return "client-fin";
        }
        if (cause == EndCause.CLIENT_RESET) {
            return "client-rst";
        }
        return cause == EndCause.SERVER_RESET ? "backend-rst" : "lb";
    }

    private static int rtt(TcpInfo.@Nullable Connection connection) {
        return connection == null ? -1 : connection.rttMicros();
    }

    private static int retransmits(TcpInfo.@Nullable Connection connection) {
        return connection == null ? -1 : connection.retransmits();
    }

    private static String json(SessionRecord s, Event event) {
        StringBuilder line = new StringBuilder(400);
        QueueRecord queued = s.queued();
        Backend backend = s.backend();
        JSON_TIME.append(line.append("{\"time\":\""), s.acceptedMillis());
        line.append("Z\"");
        JsonText.string(line, "id", s.id());
        JsonText.string(line, "listener", s.listener());
        JsonText.string(line, "pool", s.pool());
        JsonText.string(line, "backend", backend == null ? null : backend.name());
        JsonText.string(line, "backend_address", backend == null ? null : backend.endpoint().toString());
        JsonText.string(line, "client", address(s.client()));
        JsonText.string(line, "peer", address(s.peer()));
        JsonText.string(line, "local", address(s.local()));
        JsonText.number(line, "connect_us",
                s.connectNanos() < 0 ? -1 : TimeUnit.NANOSECONDS.toMicros(s.connectNanos()));
        JsonText.number(line, "duration_us", TimeUnit.NANOSECONDS.toMicros(s.durationNanos()));
        if (queued != null) {
            JsonText.number(line, "queue_us", TimeUnit.NANOSECONDS.toMicros(queued.nanos()));
            JsonText.number(line, "queue_backend", queued.aheadAtBackend());
            JsonText.number(line, "queue_pool", queued.aheadInPool());
        }
        JsonText.number(line, "bytes_up", s.bytesUp());
        JsonText.number(line, "bytes_down", s.bytesDown());
        JsonText.number(line, "tries", s.tries());
        if (event != Event.START) {
            JsonText.string(line, "end", s.reason().code());
            JsonText.string(line, "cause", word(s.reason().cause()));
            JsonText.string(line, "phase", s.reason().phase().name().toLowerCase(Locale.ROOT));
        }
        JsonText.number(line, "listener_sessions", s.listenerSessions());
        JsonText.number(line, "pool_sessions", s.poolSessions());
        JsonText.number(line, "backend_sessions", s.backendSessions());
        if (s.isUdp()) {
            JsonText.string(line, "protocol", "udp");
            JsonText.number(line, "datagrams_up", s.datagramsUp());
            JsonText.number(line, "datagrams_down", s.datagramsDown());
        } else if (event != Event.START) {
            JsonText.string(line, "closed_first", closedFirst(s).replace('-', '_'));
        }
        TcpInfo info = s.tcpInfo();
        if (info != null) {
            JsonText.number(line, "client_rtt_us", rtt(info.client()));
            JsonText.number(line, "client_retransmits", retransmits(info.client()));
            JsonText.number(line, "backend_rtt_us", rtt(info.backend()));
            JsonText.number(line, "backend_retransmits", retransmits(info.backend()));
        }
        if (event != Event.ONLY_END) {
            JsonText.string(line, "event", event == Event.START ? "start" : "end");
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
}
