package lb.cli.ready;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import lb.core.config.LbConfig;
import lb.core.config.ListenerConfig;
import lb.core.config.PoolConfig;
import lb.core.config.ReadyConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether the process is ready for clients. Backends that come and go do so with hysteresis, being told to end does at
/// once.
///
///     starting --start()--> ready <--looks--> not ready
///     any --leave()--> not ready for good, while connections are still accepted for a while (lame duck)
///
/// Threading: lb-ready looks, which so may wait for the control loop; any thread asks.
public final class Readiness implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
    private static final Duration LEAST_PATIENCE = Duration.ofSeconds(1);

    private final Supplier<CompletableFuture<Map<String, Integer>>> usableBackends;
    private final Supplier<LbConfig> config;
    private volatile View view = new View(Verdict.not("starting"), Map.of());
    private volatile @Nullable String leaving;
    /// Until then another process may tell, in the same file.
    private volatile boolean hasLooked;
    private volatile boolean isClosed;
    private @Nullable Thread looking;

    // Guarded by this.
    private final Map<String, Steadied> pools = new LinkedHashMap<>();
    private final ReadyFile file = new ReadyFile();
    private boolean wasReady = true;

    /// What was found last.
    ///
    /// @param pools by name
    private record View(Verdict all, Map<String, Verdict> pools) {}

    /// @param usableBackends how many backends of each pool can be counted on
    /// @param config in use
    public Readiness(Supplier<CompletableFuture<Map<String, Integer>>> usableBackends, Supplier<LbConfig> config) {
        this.usableBackends = usableBackends;
        this.config = config;
    }

    /// The process listens: looks from now on.
    public synchronized void start() {
        looking = Thread.ofPlatform().daemon().name("lb-ready").start(() -> {
            while (!isClosed) {
                try {
                    look();
                } catch (RuntimeException e) {
                    LOG.error("cannot tell whether lb is ready", e);
                }
                LockSupport.parkNanos(this, config.get().ready().interval().toNanos());
            }
        });
    }

    /// Whether the process is.
    public Verdict verdict() {
        String reason = leaving;
        return reason == null ? view.all() : Verdict.not(reason);
    }

    /// Whether the process is for a pool, be it one of those that count for the whole; null if there is none of that name.
    public @Nullable Verdict verdict(String pool) {
        if (config.get().pool(pool) == null) {
            return null;
        }
        String reason = leaving;
        return reason == null
                ? view.pools().getOrDefault(pool, Verdict.not("pool " + pool + " was not looked at yet"))
                : Verdict.not(reason);
    }

    /// From now on it is not ready any more, whatever is found.
    ///
    /// @param reason for people
    public void leave(String reason) {
        leaving = reason;
        if (hasLooked) {
            tell();
        }
    }

    /// Looks for the first time, in place of another process.
    ///
    /// @param before the file by which that has told; null for none
    public void begin(@Nullable Path before) {
        Path own = config.get().ready().file();
        if (before != null && (own == null || !before.equals(own.toAbsolutePath()))) {
            try {
                Files.deleteIfExists(before);
            } catch (IOException e) {
                LOG.error("the ready.file of the process before cannot be removed: {}", e.toString());
            }
        }
        look();
    }

    /// Another process has taken over, and says it from now on: where this one did, it leaves all as it is.
    public synchronized void handOver() {
        isClosed = true;
        LockSupport.unpark(looking);
        file.leave();
    }

    /// Finds out how things are.
    void look() {
        hasLooked = true;
        LbConfig now = config.get();
        Map<String, Integer> usable = ask(now.ready());
        synchronized (this) {
            pools.keySet().retainAll(now.pools().stream().map(PoolConfig::name).toList());
            Map<String, Verdict> verdicts = new LinkedHashMap<>();
            for (PoolConfig pool : now.pools()) {
                Steadied known = pools.computeIfAbsent(pool.name(), _ -> new Steadied());
                known.look(fault(pool.name(), usable, now.ready()), now.ready().rise(), now.ready().fall());
                verdicts.put(pool.name(), known.verdict());
            }
            view = new View(together(needed(now), verdicts), verdicts);
        }
        tell();
    }

    /// Null if there is no answer.
    private @Nullable Map<String, Integer> ask(ReadyConfig rules) {
        Duration patience = rules.interval().compareTo(LEAST_PATIENCE) < 0 ? LEAST_PATIENCE : rules.interval();
        try {
            return usableBackends.get().get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
            LOG.debug("no answer of the control loop", e);
            return null;
        }
    }

    private static @Nullable String fault(String pool, @Nullable Map<String, Integer> usable, ReadyConfig rules) {
        if (usable == null) {
            return "the control loop does not answer";
        }
        int count = usable.getOrDefault(pool, 0);
        return count >= rules.minBackends()
                ? null
                : "pool " + pool + " has "
                        + (count == 0 ? "no backend" : count + (count == 1 ? " backend" : " backends"))
                        + " that can be counted on"
                        + (rules.minBackends() == 1 ? "" : " (needed: " + rules.minBackends() + ")");
    }

    private static Set<String> needed(LbConfig config) {
        List<String> named = config.ready().pools();
        return named == null
                ? config.listeners().stream().map(ListenerConfig::pool).collect(Collectors.toSet())
                : new HashSet<>(named);
    }

    private static Verdict together(Set<String> needed, Map<String, Verdict> verdicts) {
        String reasons = verdicts.entrySet().stream()
                .filter(entry -> needed.contains(entry.getKey()) && !entry.getValue().isReady())
                .map(entry -> entry.getValue().reason()).distinct().collect(Collectors.joining("; "));
        return reasons.isEmpty() ? Verdict.READY : Verdict.not(reasons);
    }

    private synchronized void tell() {
        if (isClosed) {
            return;
        }
        Verdict now = verdict();
        file.say(config.get().ready().file(), now.toString());
        if (now.isReady() != wasReady && leaving == null) {
            if (now.isReady()) {
                LOG.info("ready again");
            } else {
                LOG.warn("{}", now);
            }
        }
        wasReady = now.isReady();
    }

    /// Takes the file away. Calls after the first do nothing.
    @Override
    public synchronized void close() {
        isClosed = true;
        LockSupport.unpark(looking);
        file.remove();
    }
}
