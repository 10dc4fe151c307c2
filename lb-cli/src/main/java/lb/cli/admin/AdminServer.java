package lb.cli.admin;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
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
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lb.core.config.AdminConfig;
import lb.core.config.FilePlace;
import lb.core.config.IpText;
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
    private @Nullable AdminSocket socket;
    private @Nullable Object socketKey;
    private @Nullable InetSocketAddress http;

    private AdminServer(AdminApi api) {
        this.api = api;
    }

    /// Opens what the configuration asks for.
    ///
    /// @throws IOException with a reason for people, if something that somebody wrote cannot be had; what nobody wrote is
    ///     gone without, and the log says so
    public static AdminServer open(AdminConfig config, Map<String, String> environment, AdminApi api)
            throws IOException {
        AdminServer server = new AdminServer(api);
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
        }
    }

    private void openChosen(AdminSocket chosen) throws IOException {
        if (chosen.isTaken()) {
            throw new IOException("admin.socket = " + chosen.path() + ": another process listens there");
        }
        try {
            open(chosen);
        } catch (IOException e) {
            throw new IOException("admin.socket = " + chosen.path() + ": cannot be made: " + reason(e), e);
        }
    }

    private void openUsual(AdminSocket usual) {
        if (usual.isTaken()) {
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
        socketKey = at.put(path -> bind(EpollServerDomainSocketChannel.class,
                new DomainSocketAddress(path.toString()), AdminGuard.NONE));
        socket = at;
        LOG.debug("admin: socket {}", at.path());
    }

    private void openHttp(InetSocketAddress address, Path tokenFile) throws IOException {
        String token = Files.readString(tokenFile).strip();
        try {
            Channel channel = bind(EpollServerSocketChannel.class, address, new AdminGuard(token));
            http = (InetSocketAddress) channel.localAddress();
            LOG.info("admin: http on {}", IpText.of(http));
        } catch (IOException e) {
            throw new IOException("admin.http = " + IpText.of(address) + ": " + e.getMessage(), e);
        }
    }

    private Channel bind(Class<? extends ServerChannel> type, SocketAddress address, AdminGuard guard)
            throws IOException {
        ChannelFuture bound = new ServerBootstrap().group(loop).channel(type)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
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
                }).bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(bound.cause().getMessage(), bound.cause());
        }
        return bound.channel();
    }

    /// The path of its unix socket, or null.
    public @Nullable Path socketPath() {
        return socket == null ? null : socket.path();
    }

    /// Where it serves HTTP, or null.
    @Nullable
    InetSocketAddress httpAddress() {
        return http;
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.remove(socketKey);
        }
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
