package lb.cli.log;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import lb.core.config.AccessLogFormat;
import lb.core.config.Endpoint;
import lb.core.pool.Backend;
import lb.core.session.EndCause;
import lb.core.session.EndReason;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// One line of the access log.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AccessLogBench {

    @Param({"TEXT", "JSON"}) public AccessLogFormat format = AccessLogFormat.TEXT;

    private final SessionRecord session = new SessionRecord("5f3a-1", "pg", "pg",
            new Backend("pg", "big", new Endpoint.Inet(InetAddress.ofLiteral("127.0.0.1"), 15432)),
            address("192.0.2.1", 50000), address("192.0.2.1", 50000), address("127.0.0.1", 5432), 1_795_256_430_123L,
            1_999_999L, 12_345_678L, 111, 2222, 1, new EndReason(EndCause.NORMAL, SessionPhase.LAST), 5, 4, 3);

    private static InetSocketAddress address(String host, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    @Benchmark
    public String line() {
        return AccessLogLine.of(session, format, AccessLogLine.Event.ONLY_END);
    }
}
