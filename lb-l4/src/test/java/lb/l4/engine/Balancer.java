package lb.l4.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import lb.core.config.LbConfig;
import lb.core.session.SessionRecord;

/// An engine with one configuration, and the records of its sessions.
public final class Balancer implements AutoCloseable {

    private final BlockingQueue<SessionRecord> records = new LinkedBlockingQueue<>();
    private final Engine engine;

    public Balancer(LbConfig config) {
        engine = new Engine(config.workers(), (record, _) -> records.add(record));
        apply(config);
    }

    public Engine engine() {
        return engine;
    }

    /// Takes a configuration into use and fails the test if it is refused.
    public void apply(LbConfig config) {
        if (engine.apply(config).join() instanceof ApplyResult.Refused(var problems)) {
            engine.close();
            throw new AssertionError("refused: " + problems);
        }
    }

    /// The first address of the first listener.
    public InetSocketAddress address() {
        return engine.addresses().values().iterator().next().getFirst();
    }

    public Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(20_000);
        socket.connect(address());
        return socket;
    }

    /// The next session that ended.
    public SessionRecord nextRecord() throws InterruptedException {
        SessionRecord record = records.poll(20, TimeUnit.SECONDS);
        if (record == null) {
            throw new AssertionError("no session ended within 20 s");
        }
        return record;
    }

    @Override
    public void close() {
        engine.close();
    }
}
