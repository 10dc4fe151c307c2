package lb.cli.upgrade;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import lb.cli.json.Json;
import lb.cli.json.JsonObject;
import lb.l4.engine.BackendState;
import lb.l4.engine.HandOver;
import lb.l4.engine.OfferedSocket;
import lb.l4.engine.PausedState;
import lb.l4.udp.FlowState;
import lb.l4.udp.ProxiedClientState;

/// What the process that hands over says and hears:
///
///     successor                     this process
///     hello ->
///                                   <- sockets ..., state      goes on serving
///     ready ->                                                 stops reading datagrams
///                                   <- flows ..., paused
///     serving ->
///                                   <- done                    the point of no return
///
/// Whatever goes wrong before `done` is sent ends with this process serving as if nothing had been.
///
/// Threading: one thread, which it blocks.
final class HandingOver {

    /// Nobody reads datagrams for longer than that.
    static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final Link link;
    private final HandOver engine;

    /// What was handed over.
    record Handed(int sockets, int flows) {}

    /// What the successor has said first.
    ///
    /// @param protocol see [Link#PROTOCOL]
    record Hello(long protocol, String version, long pid) {}

    HandingOver(Link link, HandOver engine) {
        this.link = link;
        this.engine = engine;
    }

    static Hello hello(Link link, long deadlineNanos) throws IOException {
        JsonObject hello = link.expect("hello", deadlineNanos);
        return new Hello(hello.number("protocol"), hello.text("version"), hello.number("pid"));
    }

    /// Offers what listens, and what is known.
    ///
    /// @param admin takes the fields that are not the engine's
    /// @param adminDescriptors which belong to them
    void offer(Json.Writing admin, List<Integer> adminDescriptors, long deadlineNanos) throws IOException {
        List<OfferedSocket> sockets = engine.sockets();
        for (int i = 0; i < sockets.size(); i += Link.CHUNK) {
            List<OfferedSocket> chunk = sockets.subList(i, Math.min(sockets.size(), i + Link.CHUNK));
            link.send("sockets", out -> Records.write(out, "sockets", chunk),
                    chunk.stream().map(OfferedSocket::fd).toList(),
                    deadlineNanos);
        }
        List<BackendState> backends = engine.backends();
        for (int i = 0; i < backends.size(); i += Link.CHUNK) {
            List<BackendState> chunk = backends.subList(i, Math.min(backends.size(), i + Link.CHUNK));
            link.send("backends", out -> Records.write(out, "backends", chunk), deadlineNanos);
        }
        link.send("state", admin, adminDescriptors, deadlineNanos);
    }

    /// Waits until the successor has all that it needs.
    ///
    /// @return the indexes of the sockets that it uses
    Set<Integer> awaitReady(long deadlineNanos) throws IOException {
        Set<Integer> taken = new HashSet<>();
        link.expect("ready", deadlineNanos).texts("taken").forEach(index -> taken.add(Integer.valueOf(index)));
        return taken;
    }

    /// Hands the flows over. Completes when the successor serves; only `done` is to be said then.
    Handed handFlows(Set<Integer> taken) throws IOException, InterruptedException {
        long deadlineNanos = Link.in(LONGEST_PAUSE);
        PausedState paused = await(engine.pause(taken), deadlineNanos);
        List<FlowState> flows = paused.flows();
        for (int i = 0; i < flows.size(); i += Link.CHUNK) {
            List<FlowState> chunk = flows.subList(i, Math.min(flows.size(), i + Link.CHUNK));
            link.send("flows", out -> Records.write(out, "flows", chunk),
                    chunk.stream().map(FlowState::upstream).toList(),
                    deadlineNanos);
        }
        List<ProxiedClientState> clients = paused.clients();
        for (int i = 0; i < clients.size(); i += Link.CHUNK) {
            List<ProxiedClientState> chunk = clients.subList(i, Math.min(clients.size(), i + Link.CHUNK));
            link.send("clients", out -> Records.write(out, "clients", chunk), deadlineNanos);
        }
        link.send("paused", out -> {
            out.writeObjectFieldStart("counters");
            for (Map.Entry<String, Long> counter : paused.counters().entrySet()) {
                out.writeNumberField(counter.getKey(), counter.getValue());
            }
            out.writeEndObject();
        }, deadlineNanos);
        JsonObject serving = link.expect("serving", deadlineNanos);
        return new Handed(taken.size(), (int) serving.number("flows"));
    }

    /// Waits for the engine.
    static <T> T await(CompletableFuture<T> future, long deadlineNanos) throws IOException, InterruptedException {
        try {
            return future.get(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(e.getCause()), e);
        } catch (TimeoutException e) {
            throw new IOException("the engine takes too long", e);
        }
    }
}
