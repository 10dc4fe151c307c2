package lb.cli.upgrade;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import lb.cli.live.LiveConfiguration;
import lb.cli.systemd.Supervisor;
import lb.cli.upgrade.HandingOver.Handed;
import lb.cli.upgrade.HandingOver.Hello;
import lb.l4.engine.Engine;
import lb.l4.engine.HandOver;
import lb.l4.linux.Linux;
import lb.l4.linux.UnixStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This process's place in the row of processes that take over from each other: it starts its successor or lets one come,
/// and hands over to it. One at a time.
///
///     serving -> (attempt -> serving)* -> handed over
///
/// Threading: any thread asks. An attempt holds the thread of changes ([LiveConfiguration]), so that what is said at run time
/// meanwhile waits, and is either done here or refused.
public final class Upgrade {

    /// For a new process to start and be ready, where nobody says otherwise.
    public static final Duration USUAL_TIMEOUT = Duration.ofSeconds(60);

    private static final Logger LOG = LoggerFactory.getLogger(Upgrade.class);
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final Engine engine;
    private final LiveConfiguration live;
    private final Supervisor supervisor;
    private final SuccessorProcess successor;
    private final CompletableFuture<String> ending;
    private int generation = 1;
    private @Nullable Predecessor predecessor;
    private @Nullable AdminDoor door;
    private @Nullable Attempt attempt;
    private boolean isEnding;
    private @Nullable Past past;

    /// After a hand-over.
    private record Past(HandOver engine, long pid) {
        String reason() {
            return "process " + pid + " has taken over";
        }
    }

    /// @param ending completed with the reason when this process is to end
    public Upgrade(Engine engine, LiveConfiguration live, Supervisor supervisor, SuccessorProcess successor,
            CompletableFuture<String> ending) {
        this.engine = engine;
        this.live = live;
        this.supervisor = supervisor;
        this.successor = successor;
        this.ending = ending;
    }

    /// To be called before anybody can ask.
    public synchronized void attach(AdminDoor admin) {
        door = admin;
    }

    /// This process has taken over from another one.
    ///
    /// @param before the other's generation
    public synchronized void follows(Predecessor other, int before) {
        predecessor = other;
        generation = before + 1;
    }

    /// 1 for a process that was started afresh, and one more for each one that took over.
    public synchronized int generation() {
        return generation;
    }

    /// The process that this one has taken over from and that is still there, for its sessions; 0 for none.
    public synchronized long predecessor() {
        return predecessor != null && predecessor.isThere() ? predecessor.pid() : 0;
    }

    /// Starts a successor and hands over to it.
    public CompletableFuture<UpgradeResult> start(Duration timeout) {
        Attempt begun;
        Process child;
        synchronized (this) {
            Path socket = door == null ? null : door.socket();
            String refusal = refusal();
            if (refusal == null) {
                refusal = impossibility(socket);
            }
            if (refusal != null || socket == null) {
                return CompletableFuture.completedFuture(UpgradeResult.failed(String.valueOf(refusal), List.of()));
            }
            try {
                child = successor.start(socket);
            } catch (IOException e) {
                LOG.error("upgrade: a successor cannot be started: {}", e.getMessage());
                return CompletableFuture.completedFuture(
                        UpgradeResult.failed("a successor cannot be started: " + e.getMessage(), List.of()));
            }
            begun = new Attempt(timeout, child.pid(), child);
            attempt = begun;
        }
        LOG.info("upgrade: started process {}", begun.pid);
        watch(begun, child, timeout);
        return begun.result;
    }

    private @Nullable String impossibility(@Nullable Path socket) {
        if (socket == null) {
            return "this process has no admin socket, by which a successor could find it";
        }
        if (ProcessHandle.current().pid() == 1) {
            return "this is process 1 of its container, which ends with it: start a new container instead";
        }
        return live.canBeReadAgain() ? null : "the configuration came from stdin, which a successor cannot read";
    }

    /// Of a successor that does not come as far as to talk to this process.
    private void watch(Attempt begun, Process child, Duration timeout) {
        child.onExit().thenAccept(ended -> failUnlinked(begun, "the new process has ended with exit status "
                + ended.exitValue() + ", see the log"));
        CompletableFuture.delayedExecutor(timeout.toMillis(), TimeUnit.MILLISECONDS).execute(() -> {
            if (failUnlinked(begun, "the new process has not come within " + inWords(timeout))) {
                begun.kill();
            }
        });
    }

    private boolean failUnlinked(Attempt begun, String reason) {
        synchronized (this) {
            if (attempt != begun || begun.isLinked) {
                return false;
            }
            attempt = null;
        }
        LOG.error("upgrade: {}; this process goes on", reason);
        begun.result.complete(UpgradeResult.failed(reason, List.of()));
        return true;
    }

    private @Nullable String refusal() {
        if (past != null) {
            return past.reason() + " already";
        }
        return isEnding ? "this process is about to end" : attempt != null ? "an upgrade is under way already" : null;
    }

    /// A process that wants to take over, started by this one or by somebody else.
    ///
    /// @param fd the connection to it, which is closed by this
    public void take(int fd) {
        Thread.ofPlatform().daemon().name("lb-hand-over").start(() -> {
            Link link = new Link(new UnixStream(fd));
            Attempt here = null;
            try {
                Hello hello = HandingOver.hello(link, Link.in(HandingOver.LONGEST_PAUSE));
                Attempt admitted = admit(link, hello);
                here = admitted;
                LOG.info("upgrade: lb {}, process {}, is to take over", hello.version(), hello.pid());
                // It reads its configuration, which may take a while: here things go on meanwhile.
                link.expect("valid", here.deadlineNanos);
                live.exclusively(() -> {
                    handOver(admitted, link);
                    return true;
                }).join();
            } catch (CompletionException e) {
                fail(here, link, e.getCause() instanceof Exception cause ? cause : e);
            } catch (IOException | RuntimeException e) {
                fail(here, link, e);
            }
        });
    }

    private synchronized Attempt admit(Link link, Hello hello) throws IOException {
        if (hello.protocol() != Link.PROTOCOL) {
            throw new IOException("lb " + hello.version() + " hands over by protocol " + hello.protocol()
                    + ", this one by " + Link.PROTOCOL + ": upgrade by a restart");
        }
        int user = link.peerUser();
        int own = new Linux().geteuid();
        if (user != 0 && user != own) {
            throw new IOException("user " + user + " may not take over from user " + own);
        }
        if (hello.pid() != link.peerProcess()) {
            throw new IOException("process " + hello.pid() + " is not known by that number here: it runs in another "
                    + "container");
        }
        Attempt begun = attempt;
        boolean isOurs = begun != null && !begun.isLinked && begun.pid == hello.pid();
        if (begun == null || !isOurs) {
            String refusal = refusal();
            if (refusal != null) {
                throw new IOException(refusal);
            }
            begun = new Attempt(USUAL_TIMEOUT, hello.pid(), null);
            attempt = begun;
        }
        begun.isLinked = true;
        return begun;
    }

    private void handOver(Attempt here, Link link) throws IOException, InterruptedException {
        CompletableFuture<HandOver> beginning = engine.handOver();
        HandOver handOver;
        try {
            handOver = HandingOver.await(beginning, here.deadlineNanos);
        } catch (IOException | InterruptedException e) {
            // It may begin later all the same.
            beginning.thenAccept(HandOver::resume);
            throw e;
        }
        Handed handed;
        Past after;
        HandingOver conversation = new HandingOver(link, handOver);
        try {
            OwnState own = new OwnState(generation(), live.overlayText(), live.inUse().file().ready().file(), door);
            conversation.offer(own::write, own.descriptors(), here.deadlineNanos);
            Set<Integer> taken = conversation.awaitReady(here.deadlineNanos);
            handed = conversation.handFlows(taken);
            after = commit(here, link, handOver);
        } catch (IOException | InterruptedException | RuntimeException e) {
            handOver.resume().join();
            throw e;
        }
        announce(here, link, after, handed);
    }

    /// From here on the successor is the one that serves.
    private synchronized Past commit(Attempt here, Link link, HandOver handOver) throws IOException {
        if (isEnding) {
            throw new IOException("this process is about to end");
        }
        link.send("done", _ -> {}, Link.in(HandingOver.LONGEST_PAUSE));
        Past after = new Past(handOver, here.pid);
        past = after;
        return after;
    }

    private void announce(Attempt here, Link link, Past after, Handed handed) {
        long pid = here.pid;
        String reason = after.reason();
        Duration drain = live.inUse().file().drainTimeout();
        live.retire(reason);
        supervisor.retire(pid, reason);
        if (door != null) {
            door.retire();
        }
        int sessions = sessions() - handed.flows();
        try {
            link.send("announced", out -> out.writeNumberField("sessions", sessions), Link.in(GRACE));
        } catch (IOException e) {
            LOG.warn("upgrade: process {} has gone: {}", pid, e.getMessage());
        }
        String message = "process " + pid + " has taken over from " + ProcessHandle.current().pid() + ": "
                + handed.sockets() + " listening sockets, " + handed.flows() + " flows; " + Math.max(0, sessions)
                + " sessions go on in " + ProcessHandle.current().pid() + " until they end, for at most "
                + inWords(drain);
        LOG.info("upgrade: {}", message);
        here.result.complete(new UpgradeResult(true, message, List.of(), pid, handed.sockets(), handed.flows(),
                Math.max(0, sessions)));
        if (here.isOurs()) {
            // Who asked for it is told first, see leave().
            CompletableFuture.delayedExecutor(GRACE.toMillis(), TimeUnit.MILLISECONDS).execute(this::leave);
        } else {
            leave();
        }
    }

    /// Begins the end of this process after a hand-over, when who asked for that has been told; not much later anyhow.
    public void leave() {
        String reason;
        synchronized (this) {
            reason = past == null ? null : past.reason();
        }
        if (reason != null) {
            ending.complete(reason);
        }
    }

    private int sessions() {
        return engine.status().join().sessions();
    }

    private void fail(@Nullable Attempt here, Link link, Exception cause) {
        String reason = String.valueOf(cause.getMessage());
        if (here != null && isHandedOver()) {
            // The other one serves: nothing may be taken back.
            LOG.error("upgrade: process {} has taken over, and then: {}", here.pid, reason, cause);
            here.result.complete(UpgradeResult.failed("process " + here.pid + " has taken over, and then: " + reason,
                    List.of()));
            leave();
            return;
        }
        Link.GivenUp givenUp = cause instanceof Link.GivenUp own ? own : null;
        try {
            link.giveUp(reason, List.of(), Link.in(GRACE));
        } catch (IOException e) {
            // It is gone, which may be why this has failed.
        }
        link.close();
        if (here == null) {
            LOG.warn("upgrade: a process was refused: {}", reason);
            return;
        }
        String ended = here.awaitEnd();
        if (cause instanceof EOFException && ended != null) {
            reason = ended;
        }
        if (door != null) {
            door.reclaim();
        }
        synchronized (this) {
            attempt = null;
        }
        List<String> problems = givenUp == null ? List.of() : givenUp.problems();
        LOG.error("upgrade: process {} has not taken over: {}; this process goes on", here.pid, reason);
        here.result.complete(UpgradeResult.failed("process " + here.pid + " has not taken over: " + reason, problems));
    }

    /// This process is to end: a successor that has not taken over yet must not do so.
    ///
    /// @param reason why; what was meant for the whole service goes on to a successor that has just taken over
    /// @return whether one has
    public boolean cancel(String reason) {
        Attempt underWay;
        synchronized (this) {
            isEnding = true;
            if (past != null) {
                if (!reason.equals(past.reason())) {
                    LOG.info("{}: passed on to process {}", reason, past.pid());
                    ProcessHandle.of(past.pid()).ifPresent(ProcessHandle::destroy);
                }
                return true;
            }
            underWay = attempt;
        }
        if (underWay != null) {
            LOG.info("upgrade: ends process {}, as this one is to end", underWay.pid);
            underWay.kill();
            // Until it has noticed.
            live.exclusively(() -> true).join();
        }
        return isHandedOver() && cancel(reason);
    }

    /// Whether another process serves in place of this one.
    public synchronized boolean isHandedOver() {
        return past != null;
    }

    /// Whether somebody has told this process to end.
    boolean isToldToEnd() {
        return ending.isDone();
    }

    /// Lets the sessions end that were not handed over.
    ///
    /// @return completes with the number of those that had to be closed
    public CompletableFuture<Integer> finish(Duration drain) {
        Past handed;
        synchronized (this) {
            handed = past;
        }
        if (handed == null) {
            throw new IllegalStateException("nothing was handed over");
        }
        // The link stays open until this process has gone: that tells the successor.
        return handed.engine().finish(drain);
    }

    /// `2m30s`.
    static String inWords(Duration duration) {
        return duration.toString().substring(2).toLowerCase(java.util.Locale.ROOT);
    }
}
