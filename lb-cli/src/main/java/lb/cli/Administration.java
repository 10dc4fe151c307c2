package lb.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import lb.cli.admin.AdminApi;
import lb.cli.admin.AdminServer;
import lb.cli.admin.AdminSocket;
import lb.cli.live.LiveConfiguration;
import lb.cli.log.AccessLog;
import lb.cli.log.Logs;
import lb.cli.ready.Readiness;
import lb.cli.upgrade.AdminDoor;
import lb.cli.upgrade.Beginning;
import lb.cli.upgrade.Predecessor;
import lb.cli.upgrade.Predecessor.AdminInheritance;
import lb.cli.upgrade.SuccessorProcess;
import lb.cli.upgrade.Upgrade;
import lb.core.config.AdminConfig;
import lb.core.config.FilePlace;
import lb.l4.engine.Engine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The admin interface of a running process, from its opening to its end. What nobody asked for is opened on a thread of
/// its own once the process listens: its classes take some time to load.
///
/// Threading: the main thread, but for [#close].
final class Administration implements AutoCloseable, AdminDoor, Beginning.Voice {

    private static final Logger LOG = LoggerFactory.getLogger(Administration.class);

    private final AdminConfig config;
    private final Engine engine;
    private final LiveConfiguration live;
    private final Readiness readiness;
    private final AccessLog accessLog;
    private final long startedMillis;
    private final CompletableFuture<String> stopping;
    private final Upgrade upgrade;
    private @Nullable AdminServer server;
    private boolean isClosed;

    /// @param stopping completed by who ends the process
    Administration(AdminConfig config, Engine engine, LiveConfiguration live, Readiness readiness,
            AccessLog accessLog, long startedMillis, CompletableFuture<String> stopping, Upgrade upgrade) {
        this.config = config;
        this.engine = engine;
        this.live = live;
        this.readiness = readiness;
        this.accessLog = accessLog;
        this.startedMillis = startedMillis;
        this.stopping = stopping;
        this.upgrade = upgrade;
    }

    /// The process that has the admin socket which this configuration means.
    ///
    /// @throws IOException with a reason for people
    static Predecessor findOther(AdminConfig config) throws IOException {
        return switch (config.socket()) {
            case FilePlace.Off() -> throw new IOException("there is no admin socket by which another process could be "
                    + "found: " + SuccessorProcess.OPTION + "=PATH names it");
            case FilePlace.At(Path path) -> Predecessor.at(path, Version.current());
            case FilePlace.Auto() -> Predecessor.at(AdminSocket.usual(System.getenv()), Version.current());
        };
    }

    private boolean isChosen() {
        return config.socket() instanceof FilePlace.At || config.http() != null;
    }

    /// Opens what somebody has written. Before anything is served: if it cannot be had, nothing starts.
    ///
    /// @throws IOException with a reason for people
    void openChosen() throws IOException {
        if (isChosen()) {
            keep(open(AdminInheritance.NONE)).begin();
        }
    }

    /// Opens everything at once, in place of another process's.
    @Override
    public void openInPlaceOf(AdminInheritance inheritance) throws IOException {
        keep(open(inheritance));
    }

    /// From now on it answers, and knows whether this process is ready.
    @Override
    public void begin(@Nullable Path readyFile) {
        readiness.begin(readyFile);
        AdminServer opened = opened();
        if (opened != null) {
            opened.begin();
        }
    }

    /// Opens what nobody has said anything of, unless it is open already.
    void openUsual() {
        if (opened() == null && !isChosen() && config.socket() instanceof FilePlace.Auto) {
            Thread.ofPlatform().daemon().name("open-admin").start(() -> {
                try {
                    keep(open(AdminInheritance.NONE)).begin();
                } catch (IOException | RuntimeException e) {
                    LOG.warn("admin: goes on without an admin socket: {}", e.toString());
                }
            });
        }
    }

    private AdminServer open(AdminInheritance inheritance) throws IOException {
        return AdminServer.open(config, System.getenv(), new AdminApi(engine, live, readiness, new AdminApi.Facts() {
            @Override
            public String version() {
                return Version.current();
            }

            @Override
            public long startedMillis() {
                return startedMillis;
            }

            @Override
            public boolean isStopping() {
                return stopping.isDone();
            }

            @Override
            public Map<String, Long> droppedLines() {
                return Map.of("access", accessLog.droppedLines(), "operational", Logs.droppedLines());
            }
        }, upgrade, stopping::complete), inheritance);
    }

    private synchronized AdminServer keep(AdminServer opened) {
        if (isClosed) {
            opened.close();
        } else {
            server = opened;
        }
        return opened;
    }

    private synchronized @Nullable AdminServer opened() {
        return server;
    }

    @Override
    public @Nullable Path socket() {
        AdminServer opened = opened();
        return opened == null ? null : opened.socketPath();
    }

    @Override
    public @Nullable InetSocketAddress http() {
        AdminServer opened = opened();
        return opened == null ? null : opened.httpAddress();
    }

    @Override
    public int httpDescriptor() {
        AdminServer opened = opened();
        return opened == null ? -1 : opened.httpDescriptor();
    }

    @Override
    public void reclaim() {
        AdminServer opened = opened();
        if (opened != null) {
            opened.reclaim();
        }
    }

    @Override
    public void retire() {
        AdminServer opened = opened();
        if (opened != null) {
            opened.retire();
        }
    }

    /// Threading: any thread; calls after the first do nothing.
    @Override
    public synchronized void close() {
        isClosed = true;
        if (server != null) {
            server.close();
            server = null;
        }
    }
}
