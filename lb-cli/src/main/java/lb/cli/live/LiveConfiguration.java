package lb.cli.live;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import lb.cli.config.ReadResult;
import lb.cli.live.Outcome.Kind;
import lb.core.config.BackendConfig;
import lb.core.config.ConfigChange;
import lb.core.config.ConfigProblem;
import lb.core.config.LbConfig;
import lb.core.config.PoolConfig;
import lb.core.pool.AdminState;
import lb.l4.engine.ApplyResult;
import lb.l4.engine.Engine;
import lb.l4.engine.Inheritance;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The configuration in use: what the source said last, and what was said at run time over it. All changes go through
/// here, one after another.
///
/// Threading: any thread asks; a thread of its own, which there is only while there is something to do, reads, checks and
/// hands over to the engine. What is in use is one volatile reference.
public final class LiveConfiguration implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveConfiguration.class);
    private static final long IDLE_SECONDS = 5;

    private final ConfigSource source;
    private final Engine engine;
    private final StateFile stateFile;
    private final ThreadPoolExecutor changer;
    private volatile InUse inUse;
    private volatile boolean isLastReloadGood = true;
    /// Why there are no more changes; null as long as there are. Threading: the thread of changes.
    private @Nullable String retired;
    private volatile Runnable reloading = () -> {};
    private volatile Runnable reloaded = () -> {};

    /// What is in use.
    ///
    /// @param file as the source has it
    /// @param sinceMillis when it was read, wall clock
    public record InUse(LbConfig file, Overlay overlay, long sinceMillis) {

        /// The configuration with what was said at run time.
        public LbConfig config() {
            return overlay.applyTo(file);
        }
    }

    /// @param file what the source has said
    public LiveConfiguration(ConfigSource source, LbConfig file, Engine engine, StateFile stateFile) {
        this.source = source;
        this.engine = engine;
        this.stateFile = stateFile;
        this.inUse = new InUse(file, Overlay.NONE, System.currentTimeMillis());
        this.changer = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("lb-change").factory());
        changer.allowCoreThreadTimeOut(true);
    }

    public InUse inUse() {
        return inUse;
    }

    /// Whether the last reload took a configuration into use; so did the start.
    public boolean isLastReloadGood() {
        return isLastReloadGood;
    }

    /// Where the configuration comes from.
    public String sourceName() {
        return source.name();
    }

    /// Takes the first configuration into use, with what was kept of an earlier process. To be called on the thread of
    /// changes, see [#exclusively].
    ///
    /// @param inheritance what this process begins with; null for nothing
    /// @param overlay what was said at run time to the process that hands over, as [#overlayText] has it there; null for what
    ///     the state file says
    public ApplyResult start(@Nullable Inheritance inheritance, @Nullable String overlay) {
        List<String> notes = new ArrayList<>();
        String origin = overlay == null ? stateFile.name() : "upgrade";
        Overlay kept = (overlay == null
                ? stateFile.read(this::readAdded)
                : StateFile.parse(overlay, "upgrade", this::readAdded)).over(inUse.file(), notes);
        notes.forEach(note -> LOG.warn("{}: {}", origin, note));
        if (!kept.isEmpty()) {
            LOG.info("{}: changes made at run time are in force again", origin);
        }
        inUse = new InUse(inUse.file(), kept, inUse.sinceMillis());
        return (inheritance == null
                ? engine.apply(inUse.config(), kept.states())
                : engine.apply(inUse.config(), kept.states(), inheritance)).join();
    }

    /// What was said at run time, as a text for another process.
    public String overlayText() {
        return StateFile.text(inUse.overlay());
    }

    /// Does something while nobody changes anything: changes that are asked for wait.
    public <T> CompletableFuture<T> exclusively(Callable<T> action) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return action.call();
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        }, changer);
    }

    /// Takes no more changes. To be called on the thread of changes.
    ///
    /// @param reason which those who ask are told
    public void retire(String reason) {
        retired = reason;
    }

    /// Whether another process could read the same configuration.
    public boolean canBeReadAgain() {
        return source.canBeReadAgain();
    }

    private @Nullable BackendConfig readAdded(String pool, String written) {
        ReadResult read = source.reader().readBackend(inUse.file(), pool, written, stateFile.name());
        return read instanceof ReadResult.Valid valid ? last(valid.config(), pool) : null;
    }

    private static @Nullable BackendConfig last(LbConfig config, String pool) {
        PoolConfig with = config.pool(pool);
        return with == null ? null : with.backends().getLast();
    }

    /// Reads the source again and takes it into use.
    ///
    /// @param isDryRun only says what would change
    /// @param discards whether what was said at run time is forgotten, also where it was kept
    public CompletableFuture<Outcome> reload(boolean isDryRun, boolean discards) {
        return change(() -> {
            if (isDryRun) {
                return reload0(true, discards);
            }
            reloading.run();
            boolean isGood = false;
            try {
                Outcome outcome = reload0(false, discards);
                isGood = outcome.kind() == Kind.DONE;
                return outcome;
            } finally {
                isLastReloadGood = isGood;
                reloaded.run();
            }
        });
    }

    /// Has somebody told of reloads, on the thread that makes them.
    ///
    /// @param begins before each
    /// @param ends after each, whatever came of it
    public void tellReloads(Runnable begins, Runnable ends) {
        reloading = begins;
        reloaded = ends;
    }

    private Outcome reload0(boolean isDryRun, boolean discards) {
        if (!source.canBeReadAgain()) {
            return Outcome.of(Kind.FAILED, "the configuration came from stdin, which cannot be read again");
        }
        return switch (source.read()) {
            case ReadResult.Invalid(var problems, _) -> {
                problems.forEach(problem -> LOG.error("reload: {}", problem));
                yield Outcome.of(Kind.INVALID, "the configuration is invalid, nothing was changed", problems);
            }
            case ReadResult.Valid(var file, var warnings, _) -> {
                List<String> notes = new ArrayList<>();
                Overlay overlay = discards ? Overlay.NONE : inUse.overlay().over(file, notes);
                yield isDryRun
                        ? compare(overlay.applyTo(file), notes, warnings)
                        : take(file, overlay, discards, notes, warnings);
            }
        };
    }

    private Outcome compare(LbConfig config, List<String> notes, List<ConfigProblem> warnings) {
        return switch (engine.compare(config).join()) {
            case ApplyResult.Refused(var problems) -> Outcome.of(Kind.FAILED, "cannot be compared", problems);
            case ApplyResult.Applied(var changes) -> new Outcome(Kind.DONE, changes.isEmpty()
                    ? "dry run: nothing would change"
                    : "dry run: nothing was changed; " + count(changes) + " to be made", changes, notes, warnings);
        };
    }

    private Outcome take(LbConfig file, Overlay overlay, boolean discards, List<String> notes,
            List<ConfigProblem> warnings) {
        Outcome outcome = apply(file, overlay);
        if (outcome.kind() != Kind.DONE) {
            return outcome;
        }
        inUse = new InUse(file, overlay, System.currentTimeMillis());
        List<ConfigChange> changes = outcome.changes();
        warnings.forEach(warning -> LOG.warn("reload: {}", warning));
        changes.forEach(change -> LOG.info("reload: {}", change));
        notes.forEach(note -> LOG.warn("reload: {}", note));
        String message = changes.isEmpty() ? "nothing has changed" : count(changes) + " made";
        LOG.info("reload of {}: {}", source.name(), message);
        Outcome done = new Outcome(Kind.DONE, message, changes, notes, warnings);
        return discards ? persist(done) : done;
    }

    private Outcome apply(LbConfig file, Overlay overlay) {
        return switch (engine.apply(overlay.applyTo(file), states(overlay)).join()) {
            case ApplyResult.Refused(var problems) -> {
                problems.forEach(problem -> LOG.error("not changed: {}", problem));
                yield Outcome.of(Kind.FAILED, "the configuration cannot be used now, nothing was changed", problems);
            }
            case ApplyResult.Applied(var changes) -> new Outcome(Kind.DONE, "", changes, List.of(), List.of());
        };
    }

    /// What backends have to be: what the overlay says, and ready where it says nothing any more.
    private Map<String, AdminState> states(Overlay overlay) {
        Map<String, AdminState> states = new HashMap<>();
        inUse.overlay().states().keySet().forEach(id -> states.put(id, AdminState.READY));
        states.putAll(overlay.states());
        return states;
    }

    private static String count(List<ConfigChange> changes) {
        return changes.size() == 1 ? "1 change" : changes.size() + " changes";
    }

    /// Drains a backend, takes it out of service, or back into use.
    ///
    /// @param deadline after which its sessions are closed; null for what the configuration says
    public CompletableFuture<Outcome> administer(String id, AdminState state, @Nullable Duration deadline,
            boolean persists) {
        return change(() -> {
            int slash = id.indexOf('/');
            if (slash < 0 || !engine.administer(id.substring(0, slash), id.substring(slash + 1), state, deadline)
                    .join()) {
                return unknown(id);
            }
            inUse = new InUse(inUse.file(), inUse.overlay().withState(id, state), inUse.sinceMillis());
            Outcome done = Outcome.of(Kind.DONE, "backend " + id + " is " + inWords(state));
            return persists ? persist(done) : done;
        });
    }

    private static String inWords(AdminState state) {
        return switch (state) {
            case READY -> "ready";
            case DRAIN -> "drained: it takes no new sessions";
            case MAINT -> "in maintenance";
        };
    }

    /// Gives a backend another weight.
    public CompletableFuture<Outcome> weight(String id, int weight, boolean persists) {
        return change(() -> {
            BackendConfig backend = Overlay.backend(inUse.config(), id);
            if (backend == null) {
                return unknown(id);
            }
            if (weight < 0 || weight > BackendConfig.MAX_WEIGHT) {
                return Outcome.of(Kind.INVALID,
                        "weight " + weight + ": expected a whole number from 0 to " + BackendConfig.MAX_WEIGHT);
            }
            BackendConfig inFile = Overlay.backend(inUse.file(), id);
            Overlay.Added added = inUse.overlay().added().get(id);
            int base = inFile != null ? inFile.weight() : added != null ? added.backend().weight() : backend.weight();
            return overlaid(inUse.overlay().withWeight(id, weight, base), "backend " + id + " has weight " + weight,
                    persists);
        });
    }

    /// Adds a backend to a pool.
    ///
    /// @param written as in a file: `ADDRESS[,name=NAME][,weight=N]...`
    public CompletableFuture<Outcome> add(String pool, String written, boolean persists) {
        return change(() -> switch (source.reader().readBackend(inUse.config(), pool, written, "lb add")) {
            case ReadResult.Invalid(var problems, _) -> Outcome.of(Kind.INVALID, "nothing was added", problems);
            case ReadResult.Valid valid -> {
                PoolConfig before = inUse.config().pool(pool);
                PoolConfig after = valid.config().pool(pool);
                if (before == null || after == null || after.backends().size() != before.backends().size() + 1) {
                    yield Outcome.of(Kind.INVALID, "nothing was added: expected a name of one address; " + written
                            + " has several");
                }
                BackendConfig backend = after.backends().getLast();
                yield overlaid(inUse.overlay().withAdded(new Overlay.Added(pool, written, backend)),
                        "backend " + pool + "/" + backend.name() + " is added", persists);
            }
        });
    }

    /// Takes a backend out of its pool; its sessions go on as `lost-backend.removed` says.
    public CompletableFuture<Outcome> remove(String id, boolean persists) {
        return change(() -> {
            BackendConfig backend = Overlay.backend(inUse.config(), id);
            PoolConfig pool = backend == null ? null : inUse.config().pool(id.substring(0, id.indexOf('/')));
            if (pool == null) {
                return unknown(id);
            }
            if (pool.backends().size() == 1) {
                return Outcome.of(Kind.INVALID, "backend " + id + " is the only one of its pool: drain it instead");
            }
            return overlaid(inUse.overlay().without(id, Overlay.backend(inUse.file(), id)),
                    "backend " + id + " is removed", persists);
        });
    }

    private Outcome overlaid(Overlay overlay, String message, boolean persists) {
        Outcome applied = apply(inUse.file(), overlay);
        if (applied.kind() != Kind.DONE) {
            return applied;
        }
        inUse = new InUse(inUse.file(), overlay, inUse.sinceMillis());
        LOG.info("at run time: {}", message);
        Outcome done = new Outcome(Kind.DONE, message, applied.changes(), List.of(), List.of());
        return persists ? persist(done) : done;
    }

    private Outcome persist(Outcome done) {
        try {
            stateFile.write(inUse.overlay());
            return done;
        } catch (IOException e) {
            LOG.error("{}", e.getMessage());
            return new Outcome(Kind.FAILED, done.message() + ", but is not kept for the next start: " + e.getMessage(),
                    done.changes(), done.notes(), done.problems());
        }
    }

    private Outcome unknown(String id) {
        List<String> ids = new ArrayList<>();
        inUse.config().pools()
                .forEach(pool -> pool.backends().forEach(backend -> ids.add(pool.name() + "/" + backend.name())));
        return Outcome.of(Kind.UNKNOWN, "no backend " + id + lb.cli.config.Suggestion.phrase(id, ids)
                + (id.indexOf('/') < 0 ? "; expected POOL/NAME" : ""));
    }

    private CompletableFuture<Outcome> change(Supplier<Outcome> change) {
        return CompletableFuture.supplyAsync(() -> retired == null ? change.get() : Outcome.of(Kind.FAILED, retired),
                changer).exceptionally(e -> {
                    Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
                    LOG.error("a change failed", cause);
                    return Outcome.of(Kind.FAILED, "internal error: " + cause);
                });
    }

    /// Takes no more; what is under way is not waited for.
    @Override
    public void close() {
        changer.shutdownNow();
    }
}
