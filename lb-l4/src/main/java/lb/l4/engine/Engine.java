package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import lb.core.config.LbConfig;
import lb.core.pool.AdminState;
import lb.core.pool.Pool;
import lb.core.session.EndCause;
import lb.core.session.OpenSession;
import lb.core.session.SessionFilter;
import lb.l4.engine.RunningListener.WorkerSides;
import lb.l4.linux.Linux;
import lb.l4.log.FloodLimiter;
import lb.l4.tcp.ConnectionLimit;
import lb.l4.tcp.Pacing;
import lb.l4.tcp.SessionLog;
import lb.l4.tcp.TcpWorker;
import lb.l4.udp.DropReason;
import lb.l4.udp.UdpWorker;
import lb.l4.worker.Sweep;
import lb.l4.worker.Worker;
import lb.l4.worker.Workers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running balancer: its workers, and the control loop that tells them what to do.
///
/// Threading: any thread may call; what changes something runs on the control loop.
public final class Engine implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Engine.class);

    private final MultiThreadIoEventLoopGroup controlGroup = new MultiThreadIoEventLoopGroup(1,
            new DefaultThreadFactory("lb-control"), epoll());
    private final IoEventLoop control = controlGroup.next();
    private final FloodLimiter warnings;
    /// Begins the id of each session.
    private final String process = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    private final Workers workers;
    private final WorkerSides[] sides;
    private final Configuration configuration;
    private final Drains drains;
    private final List<Runnable> reports = new ArrayList<>();
    private final Object closing = new Object();

    /// Makes the JVM link what an engine needs of native code, which takes it some time, before somebody waits for that.
    /// Where it is not there, nothing happens: the constructor says so. Threading: any thread.
    public static void prepare() {
        if (Epoll.isAvailable()) {
            Linux.free(Linux.malloc(1));
        }
    }

    private static IoHandlerFactory epoll() {
        if (!Epoll.isAvailable()) {
            throw new IllegalStateException("Netty's native library cannot be loaded: "
                    + Epoll.unavailabilityCause().getMessage(), Epoll.unavailabilityCause());
        }
        return EpollIoHandler.newFactory();
    }

    /// Makes an engine that listens nowhere yet; [#apply] gives it something to do.
    ///
    /// @param config of which only what the whole process has in common is used
    /// @throws IllegalStateException if the system lacks what a worker needs: descriptors, or a platform that Netty's
    ///     native library was made for
    public Engine(LbConfig config, SessionLog sessionLog) {
        this(config, Workers.PIPE_LIMIT, System::nanoTime, sessionLog);
    }

    /// @param pipeLimit pipes to splice through; 0 to copy everything
    /// @param nanoTime the clock of the workers' deadlines and of floods of warnings
    Engine(LbConfig config, int pipeLimit, LongSupplier nanoTime, SessionLog sessionLog) {
        warnings = new FloodLimiter(log::warn, nanoTime);
        workers = new Workers(config.workers(), pipeLimit, config.busyPoll(), nanoTime, warnings);
        Pacing pacing = new Pacing(config.congestionControl());
        ConnectionLimit tarpits = new ConnectionLimit(TcpWorker.tarpits(config.maxConnections()));
        sides = workers.all().stream().map(worker -> {
            String idPrefix = idPrefix(worker);
            return new WorkerSides(new TcpWorker(worker, workers, sessionLog, warnings, pacing, idPrefix, tarpits),
                    new UdpWorker(worker, sessionLog, warnings, idPrefix));
        }).toArray(WorkerSides[]::new);
        configuration = new Configuration(control, sides, pacing, tarpits, warnings);
        drains = new Drains(control, sides, configuration.processLimit());
        control.scheduleAtFixedRate(this::countQueueDrops, 1, 1, TimeUnit.SECONDS);
        report("dropped datagrams", configuration::dropped, DropReason::toString);
        report("connections not served", configuration::refused, EndCause::text);
        report("dry run: connections that would be refused", configuration::dryRun, EndCause::text);
        control.scheduleAtFixedRate(warnings::flush, 1, 1, TimeUnit.SECONDS);
    }

    /// Tells once a second of what listeners did not do.
    private <R> void report(String what, Supplier<Map<String, Map<R, Long>>> counts, Function<R, String> name) {
        DropReport<R> report = new DropReport<>(what, name, log::warn);
        Runnable tell = () -> report.tell(counts.get());
        reports.add(tell);
        control.scheduleAtFixedRate(tell, 1, 1, TimeUnit.SECONDS);
    }

    /// What the kernel dropped is known when its workers have looked: it is told the next time.
    private void countQueueDrops() {
        if (configuration.hasUdp()) {
            for (WorkerSides side : sides) {
                side.udp().countQueueDrops();
            }
        }
    }

    /// Takes `config` into use in place of the one in use, completely or not at all. Sessions that are going on keep
    /// what they have; so do pools and backends whose names stay.
    public CompletableFuture<ApplyResult> apply(LbConfig config) {
        return apply(config, Map.of());
    }

    /// The same where an administrator has said something of backends.
    ///
    /// @param states by the backends' ids; all others stay what they are
    public CompletableFuture<ApplyResult> apply(LbConfig config, Map<String, AdminState> states) {
        return CompletableFuture.supplyAsync(() -> configuration.apply(config, states), control);
    }

    /// The first configuration of an engine that takes over from another one. Everything is made ready, and nobody is served
    /// before [#adopt].
    ///
    /// @param inheritance whose descriptors belong to this engine from now on, also if the configuration is refused: those
    ///     that it has no listener for are closed
    public CompletableFuture<ApplyResult> apply(LbConfig config, Map<String, AdminState> states,
            Inheritance inheritance) {
        return CompletableFuture.supplyAsync(() -> configuration.takeOver(config, states, inheritance), control);
    }

    /// Which of the inherited sockets are in use here, by their indexes.
    public CompletableFuture<Set<Integer>> taken() {
        return CompletableFuture.supplyAsync(configuration::taken, control);
    }

    /// Serves from now on, and goes on with the flows of the engine that hands over.
    ///
    /// @param paused whose descriptors belong to this engine from now on
    /// @return completes when nothing is left to be made ready, with the number of flows that go on; sockets are read from
    ///     then on
    public CompletableFuture<Integer> adopt(PausedState paused) {
        return CompletableFuture.supplyAsync(() -> configuration.adopt(paused), control).thenCompose(flows -> flows);
    }

    /// The sockets of all listeners at this moment, for who keeps copies of them for a later process.
    public CompletableFuture<List<OfferedSocket>> sockets() {
        return CompletableFuture.supplyAsync(configuration::sockets, control);
    }

    /// Begins to hand over to another engine. Until it is over there is no other configuration.
    public CompletableFuture<HandOver> handOver() {
        return CompletableFuture.supplyAsync(() -> configuration.handOver(drains), control);
    }

    /// What [#apply] would change, without changing it. Sockets are not opened: it is not known whether they could be.
    public CompletableFuture<ApplyResult> compare(LbConfig config) {
        return CompletableFuture.supplyAsync(() -> configuration.compare(config), control);
    }

    /// The addresses that each listener is bound to, by the listener's name.
    public Map<String, List<InetSocketAddress>> addresses() {
        return CompletableFuture.supplyAsync(configuration::addresses, control).join();
    }

    /// Has the control loop and each worker do an empty task, for telling whether they still do any.
    ///
    /// @return by the loop's name; each completes when that loop has come to it
    /// @throws java.util.concurrent.RejectedExecutionException if a loop has ended
    public Map<String, CompletableFuture<Void>> askLoops() {
        Map<String, CompletableFuture<Void>> answers = new LinkedHashMap<>();
        answers.put("control loop", CompletableFuture.runAsync(() -> {}, control));
        for (Worker worker : workers.all()) {
            answers.put("worker " + worker.index(), CompletableFuture.runAsync(() -> {}, worker::execute));
        }
        return answers;
    }

    /// Sessions at this moment.
    int activeSessions() {
        return configuration.processLimit().active();
    }

    /// Datagrams that listeners have dropped since the start, and why.
    Map<String, Map<DropReason, Long>> dropped() {
        return CompletableFuture.supplyAsync(configuration::dropped, control).join();
    }

    /// Connections that listeners have not served since the start, and why.
    Map<String, Map<EndCause, Long>> refused() {
        return CompletableFuture.supplyAsync(configuration::refused, control).join();
    }

    /// Connections that listeners would have refused but for a dry run, and why.
    Map<String, Map<EndCause, Long>> dryRun() {
        return CompletableFuture.supplyAsync(configuration::dryRun, control).join();
    }

    /// Datagrams of a listener that a PROXY header made too large for one packet.
    long headersOverMtu(String listener) {
        return CompletableFuture.supplyAsync(() -> configuration.headersOverMtu(listener), control).join();
    }

    /// Sessions on each worker at this moment, those on their way to it included.
    List<Integer> workerLoads() {
        return workers.all().stream().map(Worker::load).toList();
    }

    /// The TCP sides of the workers, by worker index.
    List<TcpWorker> tcpWorkers() {
        return Stream.of(sides).map(WorkerSides::tcp).toList();
    }

    /// The running pool of that name.
    Pool pool(String name) {
        return CompletableFuture.supplyAsync(() -> configuration.pool(name), control).join();
    }

    /// Takes a backend out of use, or back into it.
    ///
    /// @param deadline after which its sessions are closed; null for what the configuration says
    /// @return completes with false if there is no such backend
    public CompletableFuture<Boolean> administer(String pool, String backend, AdminState state,
            @Nullable Duration deadline) {
        return onPool(pool, running -> running.administer(backend, state, deadline));
    }

    /// What there is at this moment. It reads what others count, so no worker is disturbed.
    public CompletableFuture<EngineStatus> status() {
        return CompletableFuture.supplyAsync(configuration::status, control);
    }

    /// Where the next session of a client would go, and why.
    ///
    /// @param port 0 if it is not known
    /// @param listener the only one that is meant; null for all
    public CompletableFuture<List<Explanation>> explain(InetAddress client, int port, @Nullable String listener) {
        return CompletableFuture.supplyAsync(() -> configuration.explain(new Explainer(client, port), listener),
                control);
    }

    /// The sessions that a filter means, in no order. Each worker is asked in turn, in slices.
    ///
    /// @param most at which the search ends
    public CompletableFuture<List<OpenSession>> sessions(SessionFilter filter, int most) {
        return new SessionSearch(sides, filter, most).start();
    }

    /// Ends the session of that id.
    ///
    /// @return completes with false if there is none
    public CompletableFuture<Boolean> kill(String session) {
        for (WorkerSides side : sides) {
            String prefix = idPrefix(side.tcp().worker());
            if (session.startsWith(prefix)) {
                return end(session.startsWith(UdpWorker.FLOW, prefix.length())
                        ? side.udp().kill(session)
                        : side.tcp().kill(session));
            }
        }
        // A flow that another process has begun may be anywhere.
        CompletableFuture<Boolean> killed = CompletableFuture.completedFuture(false);
        for (WorkerSides side : sides) {
            killed = killed.thenCompose(
                    isDone -> isDone ? CompletableFuture.completedFuture(true) : end(side.udp().kill(session)));
        }
        return killed;
    }

    private static CompletableFuture<Boolean> end(Sweep<?> kill) {
        return kill.goOn(1).thenApply(ended -> {
            kill.stop();
            return ended > 0;
        });
    }

    private String idPrefix(Worker worker) {
        return process + "-" + worker.index() + "-";
    }

    /// Says whether a backend has the role that its pool wants.
    CompletableFuture<Boolean> setRole(String pool, String backend, boolean isWanted) {
        return onPool(pool, running -> running.setRole(backend, isWanted));
    }

    private CompletableFuture<Boolean> onPool(String pool, Predicate<RunningPool> command) {
        return CompletableFuture.supplyAsync(() -> {
            RunningPool running = configuration.runningPool(pool);
            return running != null && command.test(running);
        }, control);
    }

    /// Stops accepting and waits for the sessions to end; those left after `timeout` are closed. A hand-over that is under way
    /// is given up first.
    ///
    /// @return completes with the number of sessions that had to be closed
    public CompletableFuture<Integer> drain(Duration timeout) {
        return drains.begin(() -> keepAll().thenComposeAsync(_ -> configuration.stopListening(), control), timeout,
                Duration.ZERO);
    }

    /// Gives up a hand-over that is under way.
    private CompletableFuture<Void> keepAll() {
        HandOver handOver = configuration.handOver();
        return handOver == null ? CompletableFuture.completedFuture(null) : handOver.resume();
    }

    /// Ends everything at once. Returns when all threads have ended; calls after the first do nothing else.
    @Override
    public void close() {
        synchronized (closing) {
            if (!control.isShuttingDown()) {
                close0();
            }
        }
    }

    private void close0() {
        CompletableFuture.supplyAsync(this::keepAll, control).thenCompose(kept -> kept)
                .thenComposeAsync(_ -> configuration.stopAll(), control).join();
        int killed = drains.endSessions(EndCause.KILLED).join();
        // A drain that waited for them: its next look would not come any more.
        CompletableFuture.runAsync(() -> drains.complete(killed), control).join();
        for (Worker worker : workers.all()) {
            worker.shutdown().awaitUninterruptibly();
        }
        // What the last second brought.
        CompletableFuture.runAsync(() -> reports.forEach(Runnable::run), control).join();
        controlGroup.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
