package lb.l4.probe;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.FileNotFoundException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lb.core.config.Endpoint;
import lb.core.health.ProbeResult;
import lb.l4.linux.Errno;

/// One attempt to connect to a backend. The connection is closed with FIN, never reset: some servers log a reset as an
/// error. That does not help with MySQL and MariaDB, which count every connection that ends before it has authenticated
/// against the peer's host (max_connect_errors, 100 by default), unless the peer is 127.0.0.1.
///
/// Threading: control loop.
final class TcpProbe {

    private static final Pattern ERRNO = Pattern.compile("error\\(-(\\d+)\\)");

    private final IoEventLoop loop;
    private final Consumer<ProbeResult> onResult;
    private final long startNanos = System.nanoTime();
    private boolean isOver;

    private TcpProbe(IoEventLoop loop, Consumer<ProbeResult> onResult) {
        this.loop = loop;
        this.onResult = onResult;
    }

    /// Starts a probe; `onResult` is called once, later, on `loop`.
    ///
    /// @param greeting sent first; empty for nothing
    static void start(IoEventLoop loop, Endpoint endpoint, Duration timeout, byte[] greeting,
            Consumer<ProbeResult> onResult) {
        TcpProbe probe = new TcpProbe(loop, onResult);
        ChannelFuture connecting = new Bootstrap().group(loop)
                .channel(endpoint instanceof Endpoint.Unix
                        ? EpollDomainSocketChannel.class
                        : EpollSocketChannel.class)
                // The probe has a deadline of its own, for connecting and sending together.
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0).handler(new ChannelInboundHandlerAdapter())
                .connect(address(endpoint));
        loop.schedule(() -> probe.timedOut(connecting.channel(), timeout), timeout.toNanos(), TimeUnit.NANOSECONDS);
        connecting.addListener((ChannelFuture connected) -> probe.onConnected(connected, greeting));
    }

    private static SocketAddress address(Endpoint endpoint) {
        if (endpoint instanceof Endpoint.Inet inet) {
            return new InetSocketAddress(inet.address(), inet.port());
        }
        String path = ((Endpoint.Unix) endpoint).path();
        return new DomainSocketAddress(path.startsWith("@") ? "\0" + path.substring(1) : path);
    }

    private void onConnected(ChannelFuture connected, byte[] greeting) {
        if (!connected.isSuccess()) {
            // A channel that could not even be made tells so on a thread of its own.
            loop.execute(() -> over(failed(connected.cause())));
            return;
        }
        Channel channel = connected.channel();
        if (greeting.length == 0) {
            channel.close();
            over(new ProbeResult.Success(System.nanoTime() - startNanos));
            return;
        }
        channel.writeAndFlush(Unpooled.wrappedBuffer(greeting)).addListener(written -> {
            channel.close();
            over(written.isSuccess()
                    ? new ProbeResult.Success(System.nanoTime() - startNanos)
                    : failed(written.cause()));
        });
    }

    private void timedOut(Channel channel, Duration timeout) {
        if (!isOver) {
            over(new ProbeResult.Failure("no connection within " + timeout.toMillis() + " ms"));
            channel.close();
        }
    }

    private void over(ProbeResult result) {
        if (!isOver) {
            isOver = true;
            onResult.accept(result);
        }
    }

    /// What a failure to connect or to send means: nothing, if it is this side's.
    static ProbeResult failed(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        int errno = errno(cause);
        String reason = errno == 0 ? String.valueOf(cause.getMessage()) : Errno.text(errno);
        return Errno.isOutOfResources(errno) ? new ProbeResult.NotMade(reason) : new ProbeResult.Failure(reason);
    }

    /// The errno of what Netty threw, 0 if there is none. Of a failed connect it keeps the number to itself, but for the
    /// message: `connect(..) failed with error(-111): Connection refused`.
    private static int errno(Throwable cause) {
        if (cause instanceof FileNotFoundException) {
            return Errno.ENOENT;
        }
        if (cause instanceof NoRouteToHostException) {
            return Errno.ENETUNREACH;
        }
        Matcher matcher = ERRNO.matcher(String.valueOf(cause.getMessage()));
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }
}
