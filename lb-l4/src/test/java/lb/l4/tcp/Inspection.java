package lb.l4.tcp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import lb.l4.linux.Linux;
import lb.l4.worker.Worker;

/// What workers hold at this moment, seen from their own threads.
public final class Inspection {

    private Inspection() {}

    /// Memory for bytes that slow peers have yet to take, of all workers.
    public static long pendingBytes(List<TcpWorker> workers) {
        return sum(workers, tcp -> tcp.worker().pendingBytes());
    }

    /// Directions of connected sessions that hold memory or a pipe.
    public static long directionsWithBuffer(List<TcpWorker> workers) {
        return sum(workers, tcp -> count(tcp, HalfRelay::ownsBuffer));
    }

    /// Directions of connected sessions that were last moved through a pipe.
    public static long splicingDirections(List<TcpWorker> workers) {
        return sum(workers, tcp -> count(tcp, HalfRelay::isSplicing));
    }

    /// An option of the client's and of the backend's socket of every connected session.
    public static List<List<Integer>> options(List<TcpWorker> workers, int level, int name) {
        List<List<Integer>> values = new ArrayList<>();
        for (TcpWorker tcp : workers) {
            values.addAll(on(tcp, worker -> {
                List<List<Integer>> found = new ArrayList<>();
                Linux linux = worker.worker().linux();
                worker.forEach(session -> {
                    Relay relay = session.connectedRelay();
                    if (relay != null) {
                        found.add(List.of(linux.getsockopt(session.client().intValue(), level, name),
                                linux.getsockopt(relay.upstream().intValue(), level, name)));
                    }
                });
                return found;
            }));
        }
        return values;
    }

    private interface Question {
        boolean isTrueOf(HalfRelay half);
    }

    private static long count(TcpWorker tcp, Question question) {
        long[] count = new long[1];
        tcp.forEach(session -> {
            Relay relay = session.connectedRelay();
            if (relay != null) {
                count[0] += (question.isTrueOf(relay.up()) ? 1 : 0) + (question.isTrueOf(relay.down()) ? 1 : 0);
            }
        });
        return count[0];
    }

    private static long sum(List<TcpWorker> workers, ToLongFunction<TcpWorker> asked) {
        return workers.stream().mapToLong(tcp -> on(tcp, asked::applyAsLong)).sum();
    }

    private static <T> T on(TcpWorker tcp, Function<TcpWorker, T> asked) {
        Worker worker = tcp.worker();
        return CompletableFuture.supplyAsync(() -> asked.apply(tcp), worker::execute).join();
    }
}
