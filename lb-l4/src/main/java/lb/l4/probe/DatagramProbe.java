package lb.l4.probe;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.IoEventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import lb.core.config.Endpoint;
import lb.core.config.HealthConfig;
import lb.core.health.ProbeResult;
import org.jspecify.annotations.Nullable;

/// One datagram to a backend, and the wait for its answer. ICMP's "port unreachable" is a failure at once.
///
/// Threading: control loop.
final class DatagramProbe extends SimpleChannelInboundHandler<DatagramPacket> {

    private final Question question;
    private final Consumer<ProbeResult> onResult;
    private final long startNanos = System.nanoTime();
    private boolean isOver;

    /// What is asked.
    interface Question {
        byte[] toBytes();

        /// Why a datagram is not the answer, or null if it is.
        @Nullable
        String fault(ByteBuffer answer);

        /// Whether it is well if no answer comes.
        boolean isSilenceGood();

        /// The question that a pool's configuration asks for.
        static Question of(HealthConfig config) {
            return config.type() == HealthConfig.Type.DNS
                    ? dns(new DnsQuestion(ThreadLocalRandom.current().nextInt(1 << 16), config.question().query()))
                    : octets(config.question().send().toBytes(), config.question().expect().toBytes());
        }

        private static Question dns(DnsQuestion dns) {
            return new Question() {
                @Override
                public byte[] toBytes() {
                    return dns.toBytes();
                }

                @Override
                public @Nullable String fault(ByteBuffer answer) {
                    return dns.fault(answer);
                }

                @Override
                public boolean isSilenceGood() {
                    return false;
                }
            };
        }

        private static Question octets(byte[] send, byte[] expect) {
            return new Question() {
                @Override
                public byte[] toBytes() {
                    return send;
                }

                @Override
                public @Nullable String fault(ByteBuffer answer) {
                    boolean isExpected = answer.remaining() >= expect.length
                            && answer.slice(answer.position(), expect.length).equals(ByteBuffer.wrap(expect));
                    return isExpected ? null : "an answer that does not begin with what is expected";
                }

                @Override
                public boolean isSilenceGood() {
                    return expect.length == 0;
                }
            };
        }
    }

    private DatagramProbe(Question question, Consumer<ProbeResult> onResult) {
        this.question = question;
        this.onResult = onResult;
    }

    /// Starts a probe; `onResult` is called once, later, on `loop`.
    ///
    /// @param greeting sent before the question, in the same datagram; empty for nothing
    static void start(IoEventLoop loop, Endpoint.Inet target, Duration timeout, byte[] greeting, Question question,
            Consumer<ProbeResult> onResult) {
        DatagramProbe probe = new DatagramProbe(question, onResult);
        ChannelFuture connecting = new Bootstrap().group(loop).channel(EpollDatagramChannel.class).handler(probe)
                .connect(new InetSocketAddress(target.address(), target.port()));
        loop.schedule(() -> probe.timedOut(connecting.channel(), timeout), timeout.toNanos(), TimeUnit.NANOSECONDS);
        connecting.addListener((ChannelFuture connected) -> probe.onConnected(connected, greeting));
    }

    private void onConnected(ChannelFuture connected, byte[] greeting) {
        Channel channel = connected.channel();
        if (!connected.isSuccess()) {
            // A channel that could not even be made tells so on a thread of its own.
            Throwable cause = connected.cause();
            channel.eventLoop().execute(() -> over(channel, TcpProbe.failed(cause)));
            return;
        }
        byte[] asked = question.toBytes();
        byte[] sent = Arrays.copyOf(greeting, greeting.length + asked.length);
        System.arraycopy(asked, 0, sent, greeting.length, asked.length);
        channel.writeAndFlush(Unpooled.wrappedBuffer(sent)).addListener(written -> {
            if (!written.isSuccess()) {
                over(channel, failed(written.cause()));
            }
        });
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
        String fault = question.fault(packet.content().nioBuffer());
        over(context.channel(), fault == null
                ? new ProbeResult.Success(System.nanoTime() - startNanos)
                : new ProbeResult.Failure(fault));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        over(context.channel(), failed(cause));
    }

    private void timedOut(Channel channel, Duration timeout) {
        over(channel, question.isSilenceGood()
                ? new ProbeResult.Success(System.nanoTime() - startNanos)
                : new ProbeResult.Failure("no answer within " + timeout.toMillis() + " ms"));
    }

    private void over(Channel channel, ProbeResult result) {
        if (!isOver) {
            isOver = true;
            channel.close();
            onResult.accept(result);
        }
    }

    private static ProbeResult failed(Throwable cause) {
        return cause instanceof PortUnreachableException
                ? new ProbeResult.Failure("port unreachable")
                : TcpProbe.failed(cause);
    }
}
