package dev.weir.streams.mock;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection: decoded requests in, raw response bytes out.
 *
 * <p>It always reads, so that the peer's leaving is seen at once, whatever the answer is doing; pipelined requests wait.
 */
final class MockConnection extends ChannelInboundHandlerAdapter {
    private static final AsciiString ATTEMPT = AsciiString.cached("x-weir-attempt");
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int SCRATCH_BYTES = 2 * 1024;
    private static final int MAX_PIPELINED = 64;
    private static final int MAX_LINES = 10_000;

    private final Witness witness;
    private final Repertoire repertoire;
    private final MockSettings.Keeping keeping;
    private final long number;
    private final Queue<Received> waiting = new ArrayDeque<>();

    private @Nullable ChannelHandlerContext context;
    private @Nullable HttpRequest head;
    private long headNanos;
    private byte[] body = new byte[SCRATCH_BYTES];
    private int bodyBytes;
    private boolean keepAlive;
    private @Nullable Answer answer;
    private @Nullable Future<?> idleTimer;

    /** A request whose body has arrived. */
    private record Received(HttpRequest head, long nanos, ByteBuffer body) {}

    MockConnection(Witness witness, Repertoire repertoire, MockSettings.Keeping keeping, long number) {
        this.witness = witness;
        this.repertoire = repertoire;
        this.keeping = keeping;
        this.number = number;
    }

    Witness witness() {
        return witness;
    }

    /** Whether the request that is being answered lets its connection live on. */
    boolean keepAlive() {
        return keepAlive;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        witness.connected();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        waiting.clear();
        stopIdleTimer();
        if (answer != null) {
            answer.peerGone();
        }
        witness.disconnected();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (answer != null && ctx.channel().isWritable()) {
            answer.writable();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof HttpObject part && part.decoderResult().isFailure()) {
                respond(PlainAnswer.of(400, "The mock cannot read this request", false), false);
                return;
            }
            if (message instanceof HttpRequest request) {
                stopIdleTimer();
                head = request;
                headNanos = System.nanoTime();
                bodyBytes = 0;
                if (HttpUtil.is100ContinueExpected(request)) {
                    ctx.writeAndFlush(Unpooled.wrappedBuffer(CONTINUE));
                }
            }
            if (message instanceof HttpContent content) {
                collect(content.content());
            }
            if (message instanceof LastHttpContent && head != null) {
                received(head);
                head = null;
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void collect(ByteBuf content) {
        int more = content.readableBytes();
        if (bodyBytes + more > body.length) {
            body = Arrays.copyOf(body, Math.max(bodyBytes + more, body.length * 2));
        }
        content.readBytes(body, bodyBytes, more);
        bodyBytes += more;
    }

    private void received(HttpRequest request) {
        if (answer == null) {
            handle(request, headNanos, body, bodyBytes);
        } else if (waiting.size() < MAX_PIPELINED) {
            waiting.add(new Received(request, headNanos, ByteBuffer.wrap(Arrays.copyOf(body, bodyBytes))));
        } else {
            context().close();
        }
        if (body.length > SCRATCH_BYTES * 32) {
            body = new byte[SCRATCH_BYTES];
        }
    }

    private void handle(HttpRequest request, long nanos, byte[] bytes, int length) {
        keepAlive = HttpUtil.isKeepAlive(request);
        String path = request.uri();
        int query = path.indexOf('?');
        String route = query < 0 ? path : path.substring(0, query);
        if (route.endsWith("/chat/completions")) {
            if (request.method().equals(HttpMethod.POST)) {
                complete(request, nanos, bytes, length);
            } else {
                respond(PlainAnswer.of(405, "POST it", keepAlive), keepAlive);
            }
        } else {
            respond(elsewhere(request.method(), route, path), keepAlive);
        }
    }

    private byte[] elsewhere(HttpMethod method, String route, String path) {
        if (route.endsWith("/models") && method.equals(HttpMethod.GET)) {
            return PlainAnswer.answer(
                    200,
                    "application/json",
                    "",
                    "{\"object\":\"list\",\"data\":[{\"id\":\"mock\",\"object\":\"model\",\"created\":0,\"owned_by\":\"weir\"}]}",
                    keepAlive);
        }
        if (route.equals("/witness") && method.equals(HttpMethod.GET)) {
            return PlainAnswer.answer(200, "application/x-ndjson", "", lines(path), keepAlive);
        }
        if (route.equals("/witness") && method.equals(HttpMethod.DELETE)) {
            witness.clear();
            return PlainAnswer.answer(204, "text/plain", "", "", keepAlive);
        }
        if (route.equals("/witness/totals") && method.equals(HttpMethod.GET)) {
            return PlainAnswer.answer(200, "application/json", "", WitnessJson.totals(witness.totals()), keepAlive);
        }
        return PlainAnswer.of(404, "The mock has no " + method + " " + route, keepAlive);
    }

    private String lines(String path) {
        List<String> since = new QueryStringDecoder(path).parameters().getOrDefault("since", List.of("0"));
        try {
            List<Sighting> seen = witness.since(Long.parseLong(since.getFirst()));
            return WitnessJson.lines(seen.subList(0, Math.min(seen.size(), MAX_LINES)));
        } catch (NumberFormatException e) {
            return "";
        }
    }

    private void complete(HttpRequest head, long nanos, byte[] bytes, int length) {
        Request request;
        Rendering rendering;
        try {
            request = request(head, nanos, bytes, length);
            rendering = repertoire.rendering(request);
        } catch (IOException | IllegalArgumentException e) {
            respond(PlainAnswer.of(400, "The mock does not understand this: " + e.getMessage(), keepAlive), keepAlive);
            return;
        }
        answer = new Answer(this, context(), request, witness.arrived(request, number), rendering);
        answer.begin();
    }

    private Request request(HttpRequest head, long nanos, byte[] bytes, int length) throws IOException {
        Request.Wish wish = Request.wish(bytes, length);
        return new Request(
                head.headers().get(ATTEMPT),
                wish.model(),
                wish.user(),
                wish.streamed(),
                wish.usageAsked(),
                keeping.headers() ? headers(head) : Map.of(),
                keeping.bodies() ? new String(bytes, 0, length, StandardCharsets.UTF_8) : "",
                length,
                nanos,
                System.currentTimeMillis());
    }

    private static Map<String, String> headers(HttpRequest request) {
        Map<String, String> headers = new TreeMap<>();
        request.headers()
                .forEach(header -> headers.merge(
                        header.getKey().toLowerCase(Locale.ROOT), header.getValue(), (one, two) -> one + ", " + two));
        return headers;
    }

    private void respond(byte[] bytes, boolean stays) {
        ChannelFuture written = context().writeAndFlush(Unpooled.wrappedBuffer(bytes));
        if (!stays) {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** An answer has ended; {@code idle} is how long the connection may idle now (zero: for ever), null when it closes. */
    void answered(Trace trace, Sighting.End how, @Nullable Duration idle) {
        witness.ended(trace, how);
        answer = null;
        if (idle == null) {
            context().close();
            return;
        }
        while (answer == null && !waiting.isEmpty()) {
            Received next = waiting.remove();
            handle(next.head(), next.nanos(), next.body().array(), next.body().remaining());
        }
        if (answer == null && !idle.isZero()) {
            stopIdleTimer();
            idleTimer = context()
                    .channel()
                    .eventLoop()
                    .schedule((Runnable) context()::close, idle.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(context);
    }

    private void stopIdleTimer() {
        if (idleTimer != null) {
            idleTimer.cancel(false);
            idleTimer = null;
        }
    }
}
