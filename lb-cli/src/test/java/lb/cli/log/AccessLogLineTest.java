package lb.cli.log;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import lb.cli.log.AccessLogLine.Event;
import lb.core.config.AccessLogFormat;
import lb.core.config.Endpoint;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.core.session.Side;
import lb.core.session.TcpInfo;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AccessLogLineTest {

    static SessionRecord session(String listener, String backend, EndCause cause) {
        Backend server = new Backend("pg", backend, new Endpoint.Inet(InetAddress.ofLiteral("127.0.0.1"), 15432));
        return new SessionRecord("5f3a-1", listener, "pg", server, address("10.0.0.7", 40000),
                address("2001:db8::7", 50000), address("127.0.0.1", 5432), 1_795_256_430_123L, 1_999_999L,
                12_345_678_901L, 111, 2222, 2, new EndReason(cause, SessionPhase.DATA), 5, 4, 3)
                .connected(cause == EndCause.NORMAL ? Side.CLIENT : null, null);
    }

    private static InetSocketAddress address(String host, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    @Test
    void textIsLikeHaproxysTcplog() {
        assertThat(AccessLogLine.of(session("pg", "a", EndCause.CLIENT_RESET), AccessLogFormat.TEXT, Event.ONLY_END))
                .isEqualTo(
                        "[2001:db8::7]:50000 [21/Nov/2026:10:20:30.123] pg pg/a 0/1/12345 2222 CD 5/5/4/3/1 0/0 "
                                + "111 5f3a-1 \"client reset\" tcp client-rst");
    }

    @Test
    void textOfASessionThatNeverHadABackend() {
        SessionRecord s = session("pg", "a", EndCause.DENIED);
        SessionRecord denied = new SessionRecord(s.id(), s.listener(), s.pool(), null, s.peer(), s.peer(), s.local(),
                s.acceptedMillis(), -1, 0, 0, 0, 0, new EndReason(EndCause.DENIED, SessionPhase.ADMISSION), 1, 0, 0);
        assertThat(AccessLogLine.of(denied, AccessLogFormat.TEXT, Event.ONLY_END)).isEqualTo(
                "10.0.0.7:40000 [21/Nov/2026:10:20:30.123] pg pg/<NOSRV> 0/-1/0 0 PR 1/1/0/0/0 0/0 0 5f3a-1 "
                        + "\"denied\" tcp lb");
        assertThat(AccessLogLine.of(denied, AccessLogFormat.JSON, Event.ONLY_END)).contains("\"backend\":null")
                .contains("\"connect_us\":-1");
    }

    @Test
    void jsonIsOneObject() {
        assertThat(AccessLogLine.of(session("pg", "a", EndCause.NORMAL), AccessLogFormat.JSON, Event.ONLY_END))
                .isEqualTo(
                        "{\"time\":\"2026-11-21T10:20:30.123Z\",\"id\":\"5f3a-1\",\"listener\":\"pg\",\"pool\":\"pg\","
                                + "\"backend\":\"a\",\"backend_address\":\"127.0.0.1:15432\","
                                + "\"client\":\"[2001:db8::7]:50000\",\"peer\":\"10.0.0.7:40000\","
                                + "\"local\":\"127.0.0.1:5432\",\"connect_us\":1999,\"duration_us\":12345678,"
                                + "\"bytes_up\":111,\"bytes_down\":2222,\"tries\":2,\"end\":\"--\",\"cause\":\"normal\","
                                + "\"phase\":\"data\",\"listener_sessions\":5,\"pool_sessions\":4,\"backend_sessions\":3,"
                                + "\"closed_first\":\"client_fin\"}");
    }

    @Test
    void saysWhoClosedFirstAndHow() {
        assertThat(end(EndCause.SERVER_RESET, null)).endsWith(" tcp backend-rst");
        assertThat(end(EndCause.SERVER_RESET, Side.CLIENT)).endsWith(" tcp client-fin");
        assertThat(end(EndCause.NORMAL, Side.BACKEND)).endsWith(" tcp backend-fin");
        assertThat(end(EndCause.CLIENT_CLOSED, null)).endsWith(" tcp client-fin");
        assertThat(end(EndCause.SERVER_TIMEOUT, null)).endsWith(" tcp lb");
    }

    private static String end(EndCause cause, @Nullable Side firstFin) {
        return AccessLogLine.of(session("pg", "a", cause).connected(firstFin, null), AccessLogFormat.TEXT,
                Event.ONLY_END);
    }

    @Test
    void whatTheKernelKnewComesLast() {
        SessionRecord session = session("pg", "a", EndCause.NORMAL).connected(Side.CLIENT,
                new TcpInfo(new TcpInfo.Connection(1500, 3), null));
        assertThat(AccessLogLine.of(session, AccessLogFormat.TEXT, Event.ONLY_END))
                .endsWith("\"normal\" tcp client-fin rtt 1500/-1 retransmits 3/-1");
        assertThat(AccessLogLine.of(session, AccessLogFormat.JSON, Event.ONLY_END)).endsWith(
                ",\"closed_first\":\"client_fin\",\"client_rtt_us\":1500,\"client_retransmits\":3,"
                        + "\"backend_rtt_us\":-1,\"backend_retransmits\":-1}");
    }

    @Test
    void aFlowOfDatagramsHasTheirNumbersAtTheEnd() {
        SessionRecord s = session("game", "a", EndCause.UNANSWERED);
        SessionRecord flow = new SessionRecord(s.id(), s.listener(), s.pool(), s.backend(), s.peer(), s.client(),
                s.local(), s.acceptedMillis(), 0, s.durationNanos(), s.bytesUp(), s.bytesDown(), 1, s.reason(), 5, 4, 3,
                true, 17, 4);
        assertThat(AccessLogLine.of(flow, AccessLogFormat.TEXT, Event.ONLY_END))
                .endsWith(" 111 5f3a-1 \"unanswered datagrams\" udp 17/4");
        assertThat(AccessLogLine.of(flow, AccessLogFormat.JSON, Event.ONLY_END)).contains("\"cause\":\"unanswered\"")
                .endsWith(
                        ",\"backend_sessions\":3,\"protocol\":\"udp\",\"datagrams_up\":17,\"datagrams_down\":4}");
    }

    @Test
    void everythingIsEscaped() {
        String evil = "a b\n\"\\\u001b[31m\u2028é";
        String text = AccessLogLine.of(session(evil, evil, EndCause.NORMAL), AccessLogFormat.TEXT, Event.ONLY_END);
        String escaped = "a\\u0020b\\u000a\\\"\\\\\\u001b[31m\\u2028\\u00e9";
        assertThat(text).contains("] " + escaped + " pg/" + escaped + " 0/1").matches("[ -~]+");
        assertThat(AccessLogLine.of(session(evil, evil, EndCause.NORMAL), AccessLogFormat.JSON, Event.ONLY_END))
                .contains("\"listener\":\"a b\\u000a\\\"\\\\\\u001b[31m\\u2028\\u00e9\"").matches("[ -~]+");
    }
}
