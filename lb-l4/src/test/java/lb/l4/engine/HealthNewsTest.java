package lb.l4.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import lb.core.config.HealthConfig;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.pool.Backend;
import lb.core.pool.Candidate;
import lb.core.pool.Pool;
import lb.l4.probe.HealthWatch;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// Who reads that a backend is down can rely on it: no new session goes there.
class HealthNewsTest {

    @Test
    void aBackendIsOutOfThePoolWhenTheLogSaysThatItIsDown() throws Exception {
        ServerSocket dying = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        try (ServerSocket other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Balancer lb = new Balancer(TestConfigs.lb(PoolBuilder.out(address(dying), address(other))
                        .health(TestConfigs.health(HealthConfig.Type.TCP)).build()));
                Told told = new Told(lb)) {
            dying.close();
            assertThat(told.next()).containsExactly("out/b1");
        }
    }

    private static InetSocketAddress address(ServerSocket server) {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /// Who is in the pool whenever the log says that a backend is down.
    private static final class Told extends AbstractAppender implements AutoCloseable {

        private final Pool pool;
        private final Logger logger = (Logger) LogManager.getLogger(HealthWatch.class);
        private final Level before = logger.getLevel();
        private final BlockingQueue<List<String>> pools = new LinkedBlockingQueue<>();

        Told(Balancer lb) {
            super("told", null, null, false, Property.EMPTY_ARRAY);
            this.pool = lb.engine().pool("out");
            start();
            logger.addAppender(this);
            logger.setLevel(Level.WARN);
        }

        @Override
        public void append(LogEvent event) {
            if (event.getMessage().getFormattedMessage().contains("is DOWN")) {
                pools.add(pool.snapshot().candidates().stream().map(Candidate::backend)
                        .map(Backend::id).toList());
            }
        }

        List<String> next() throws InterruptedException {
            List<String> pool = pools.poll(10, TimeUnit.SECONDS);
            assertThat(pool).as("told within 10 s").isNotNull();
            return pool;
        }

        @Override
        public void close() {
            logger.setLevel(before);
            logger.removeAppender(this);
            stop();
        }
    }
}
