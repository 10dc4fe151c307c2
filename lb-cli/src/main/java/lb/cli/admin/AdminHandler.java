package lb.cli.admin;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntConsumer;
import lb.cli.json.JsonObject;
import lb.l4.linux.Linux;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One connection of the admin interface: a request is answered before the next one is looked at.
///
/// Threading: lb-admin.
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final Logger LOG = LoggerFactory.getLogger(AdminHandler.class);

    private final AdminApi api;
    private final AdminGuard guard;

    AdminHandler(AdminApi api, AdminGuard guard) {
        this.api = api;
        this.guard = guard;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.read();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest message) {
        boolean keepsAlive = HttpUtil.isKeepAlive(message);
        answer(context, message).whenCompleteAsync((answer, failure) -> {
            if (failure != null) {
                LOG.error("admin: a request failed", failure);
            }
            Answer given = answer == null ? Answer.error(Answer.FAILED, "internal error: " + failure) : answer;
            if (given.connection() == null) {
                write(context, given, keepsAlive);
            } else {
                giveAway(context, given.connection());
            }
        }, context.executor());
    }

    private CompletableFuture<Answer> answer(ChannelHandlerContext context, FullHttpRequest message) {
        try {
            QueryStringDecoder uri = uri(message);
            Answer refusal = guard.refusal(uri.path(), message.headers(),
                    context.channel().localAddress() instanceof InetSocketAddress bound ? bound : null);
            return refusal == null
                    ? api.answer(request(message, uri), context.executor())
                    : CompletableFuture.completedFuture(refusal);
        } catch (Request.Wrong e) {
            return CompletableFuture.completedFuture(e.answer());
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(new CompletionException(e));
        }
    }

    private static QueryStringDecoder uri(FullHttpRequest message) {
        if (!message.decoderResult().isSuccess()) {
            throw Request.invalid("expected HTTP/1.1");
        }
        try {
            QueryStringDecoder uri = new QueryStringDecoder(message.uri());
            // It decodes only when it is asked.
            uri.path();
            uri.parameters();
            return uri;
        } catch (IllegalArgumentException e) {
            throw Request.invalid("the address cannot be decoded: " + message.uri());
        }
    }

    private static Request request(FullHttpRequest message, QueryStringDecoder uri) {
        Map<String, String> query = new LinkedHashMap<>();
        uri.parameters().forEach((name, values) -> query.put(name, values.getLast()));
        // Parted before it is decoded: a name may have a slash.
        List<String> path = Arrays.stream(uri.rawPath().substring(uri.rawPath().startsWith("/") ? 1 : 0).split("/", -1))
                .map(AdminHandler::decoded).toList();
        String body = message.content().toString(StandardCharsets.UTF_8);
        try {
            return new Request(message.method().name(), path, query,
                    body.isBlank() ? JsonObject.EMPTY : JsonObject.of(body));
        } catch (IOException e) {
            throw Request.invalid("the body is no JSON object: " + String.valueOf(e.getMessage()).split("\\R", 2)[0]);
        }
    }

    private static String decoded(String part) {
        try {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Request.invalid("the path cannot be decoded: " + part);
        }
    }

    private static void write(ChannelHandlerContext context, Answer answer, boolean keepsAlive) {
        byte[] body = (answer.body() + "\n").getBytes(StandardCharsets.UTF_8);
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()), Unpooled.wrappedBuffer(body));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.type())
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length).set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .set("X-Content-Type-Options", "nosniff");
        if (answer.status() == Answer.UNAUTHORIZED) {
            response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
        }
        HttpUtil.setKeepAlive(response, keepsAlive);
        var written = context.writeAndFlush(response);
        written.addListener(_ -> answer.afterwards().run());
        if (keepsAlive) {
            context.read();
        } else {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    /// Both ends of a unix socket go on with something else. Nothing more was read of it than the request.
    private static void giveAway(ChannelHandlerContext context, IntConsumer connection) {
        if (!(context.channel() instanceof UnixChannel unix)
                || context.channel().localAddress() instanceof InetSocketAddress) {
            write(context, Answer.error(Answer.INVALID, "only on the unix socket"), false);
            return;
        }
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1,
                HttpResponseStatus.SWITCHING_PROTOCOLS);
        response.headers().set(HttpHeaderNames.CONNECTION, "upgrade").set(HttpHeaderNames.UPGRADE, "lb-hand-over");
        context.writeAndFlush(response).addListener(written -> {
            int copy = new Linux().fcntl(unix.fd().intValue(), Linux.F_DUPFD_CLOEXEC, 3);
            context.close();
            if (written.isSuccess() && copy >= 0) {
                connection.accept(copy);
            }
        });
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.debug("admin: a connection failed: {}", cause.toString());
        context.close();
    }
}
