package lb.cli.admin;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lb.cli.upgrade.Predecessor.AdminInheritance;
import lb.core.config.AdminConfig;
import lb.core.config.FilePlace;
import lb.core.config.IpText;
import lb.l4.linux.Linux;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves the admin interface, on a unix socket and where wanted on a loopback address.
///
/// Threading: a loop of its own, lb-admin; opened and closed by any one thread.
public final class AdminServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
    private static final int MOST_BODY_BYTES = 64 << 10;
    private static final int BACKLOG = 64;
    private static final int IDLE_SECONDS = 60;

    private final AdminApi api;
    private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1,
            new DefaultThreadFactory("lb-admin", true), EpollIoHandler.newFactory());
    private final AdminConnections connections = new AdminConnections();
    private final AdminInheritance inheritance;
    private @Nullable AdminSocket socket;
    private @Nullable Object socketKey;
    private @Nullable Channel socketChannel;
    private @Nullable InetSocketAddress http;
    private @Nullable EpollServerSocketChannel httpChannel;
    private boolean isHttpInherited;

    private AdminServer(AdminApi api, AdminInheritance inheritance) {
        this.api = api;
        this.inheritance = inheritance;
    }

    /// Opens what the configuration asks for.
    ///
    /// @param inheritance of the process before, whose descriptor belongs to the server from now on
    /// @throws IOException with a reason for people, if something that somebody wrote cannot be had; what nobody wrote is
    ///     gone without, and the log says so
    public static AdminServer open(AdminConfig config, Map<String, String> environment, AdminApi api,
            AdminInheritance inheritance) throws IOException {
        AdminServer server = new AdminServer(api, inheritance);
        try {
            switch (config.socket()) {
                case FilePlace.Off() -> {
                    // None is wanted.
                }
                case FilePlace.At(Path path) -> server.openChosen(new AdminSocket(path, true));
                case FilePlace.Auto() -> server.openUsual(new AdminSocket(AdminSocket.usual(environment), false));
            }
            if (config.http() != null && config.tokenFile() != null) {
                server.openHttp(config.http(), config.tokenFile());
            }
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        } finally {
            server.closeUnused();
        }
    }

    private void closeUnused() {
        if (inheritance.httpDescriptor() >= 0 && !isHttpInherited) {
            new Linux().close(inheritance.httpDescriptor());
        }
    }

    /// The same where there was no process before; it answers at once.
    static AdminServer open(AdminConfig config, Map<String, String> environment, AdminApi api) throws IOException {
        AdminServer server = open(config, environment, api, AdminInheritance.NONE);
        server.begin();
        return server;
    }

    /// Answers from now on: who has come before waits in the kernel's queue.
    public void begin() {
        begin(socketChannel);
        begin(httpChannel);
    }

    private static void begin(@Nullable Channel listening) {
        if (listening != null) {
            listening.config().setAutoRead(true);
        }
    }

    private boolean isFree(AdminSocket wanted) {
        Path old = inheritance.socket();
        return (old != null && old.equals(wanted.path().toAbsolutePath())) || !wanted.isTaken();
    }

    private void openChosen(AdminSocket chosen) throws IOException {
        if (!isFree(chosen)) {
            throw new IOException("admin.socket = " + chosen.path() + ": another process listens there");
        }
        try {
            open(chosen);
        } catch (IOException e) {
            throw new IOException("admin.socket = " + chosen.path() + ": cannot be made: " + reason(e), e);
        }
    }

    private void openUsual(AdminSocket usual) {
        if (!isFree(usual)) {
            LOG.warn("admin: another process has {}: this one goes on without an admin socket (--admin PATH gives it "
                    + "its own)", usual.path());
            return;
        }
        try {
            open(usual);
        } catch (IOException e) {
            LOG.warn("admin: {} cannot be made ({}): goes on without an admin socket (--admin PATH names another)",
                    usual.path(), reason(e));
        }
    }

    /// With the kind of a failure of files, whose message is only a name.
    private static String reason(IOException e) {
        return e instanceof java.nio.file.FileSystemException file && file.getReason() == null
                ? e.getClass().getSimpleName().replaceAll("([a-z])([A-Z])", "$1 $2").replace(" Exception", "")
                        .toLowerCase(java.util.Locale.ROOT) + ": " + e.getMessage()
                : String.valueOf(e.getMessage());
    }

    private void open(AdminSocket at) throws IOException {
        socketKey = at.put(path -> socketChannel = started(bootstrap(AdminGuard.NONE)
                .channel(EpollServerDomainSocketChannel.class).bind(new DomainSocketAddress(path.toString()))));
        socket = at;
        LOG.debug("admin: socket {}", at.path());
    }

    private void openHttp(InetSocketAddress address, Path tokenFile) throws IOException {
        String token = Files.readString(tokenFile).strip();
        try {
            ServerBootstrap bootstrap = bootstrap(new AdminGuard(token));
            isHttpInherited = address.equals(inheritance.http());
            EpollServerSocketChannel channel = (EpollServerSocketChannel) started(isHttpInherited
                    ? bootstrap.channelFactory(() -> new EpollServerSocketChannel(inheritance.httpDescriptor()))
                            .register()
                    : bootstrap.channel(EpollServerSocketChannel.class).bind(address));
            httpChannel = channel;
            http = channel.localAddress();
            LOG.info("admin: http on {}", IpText.of(http));
        } catch (IOException e) {
            throw new IOException("admin.http = " + IpText.of(address) + ": " + e.getMessage(), e);
        }
    }

    private ServerBootstrap bootstrap(AdminGuard guard) {
        return new ServerBootstrap().group(loop)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.AUTO_READ, false) // until begin()
                // Few and short: no pools of memory for it.
                .option(ChannelOption.ALLOCATOR, UnpooledByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.ALLOCATOR, UnpooledByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(connections, new ReadTimeoutHandler(IDLE_SECONDS),
                                new HttpServerCodec(), new HttpObjectAggregator(MOST_BODY_BYTES),
                                new FlowControlHandler(), new AdminHandler(api, guard));
                    }
                });
    }

    private static Channel started(ChannelFuture future) throws IOException {
        future.awaitUninterruptibly();
        if (!future.isSuccess()) {
            throw new IOException(future.cause().getMessage(), future.cause());
        }
        return future.channel();
    }

    /// The path of its unix socket, or null.
    public @Nullable Path socketPath() {
        return socket == null ? null : socket.path();
    }

    /// Where it serves HTTP, or null.
    public @Nullable InetSocketAddress httpAddress() {
        return http;
    }

    /// The descriptor that listens for HTTP, or -1.
    public int httpDescriptor() {
        return httpChannel == null ? -1 : httpChannel.fd().intValue();
    }

    /// Puts its unix socket where it was, if another process has put its own there and has ended.
    public void reclaim() {
        AdminSocket own = socket;
        if (own == null || own.isOf(socketKey)) {
            return;
        }
        try {
            closed(socketChannel);
            open(own);
            begin(socketChannel);
        } catch (IOException e) {
            LOG.warn("admin: {} cannot be made again: {}", own.path(), reason(e));
        }
    }

    /// Takes no more connections; those that there are go on.
    public void retire() {
        if (socket != null) {
            socket.remove(socketKey);
        }
        closed(socketChannel);
        closed(httpChannel);
    }

    private static void closed(@Nullable Channel channel) {
        if (channel != null) {
            channel.close().awaitUninterruptibly();
        }
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.remove(socketKey);
        }
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
