package dev.weir.streams.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Raw client bytes in, the same requests out as long as their framing is beyond doubt.
 *
 * <p>A body in chunks is cut anew: one chunk for what one read brought, without extensions and trailers. The parser behind
 * takes 50 us for a chunk, and a client may make a chunk of each byte.
 *
 * <p>A request head is passed on whole or not at all. A violation is passed on as a small request of our own for
 * {@link #REFUSED_PATH}, so that the refusal is answered by the same door, in its turn behind pipelined answers; whatever
 * follows on that connection is thrown away.
 */
public final class FramingGuard extends ChannelInboundHandlerAdapter {

    /** The path under which the door learns of a request that was refused here; its query is a violation's name. */
    public static final String REFUSED_PATH = "/.refused";

    private static final byte[] NOTHING = {};

    /** No parser takes this for a part of a chunk's framing, wherever in it it comes. */
    private static final byte[] NO_CHUNK = {'X', '\r', '\n'};

    private static final byte[] LAST_CHUNK = {'0', '\r', '\n', '\r', '\n'};
    private static final int CHUNK_FRAME = 12;

    private final HttpLimits limits;
    private final ClientConnection connection;
    private final Framing framing;
    private byte[] pending = NOTHING;
    private boolean refused;
    private @Nullable Future<?> headTimer;
    private @Nullable Future<?> idleTimer;
    private long unsent;

    FramingGuard(HttpLimits limits, ClientConnection connection) {
        this.limits = limits;
        this.connection = connection;
        this.framing = new Framing(limits.headers());
    }

    /** The status and text for a query of {@link #REFUSED_PATH}, or null for one that a client made up. */
    public static @Nullable Refusal refusal(String query) {
        Framing.Violation violation = Framing.Violation.named(query);
        return violation == null ? null : new Refusal(violation.status, violation.message);
    }

    /** Why a request never reached the HTTP parser. */
    public record Refusal(int status, String message) {}

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        watchIdle(context, limits.idleTimeout().toNanos());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (idleTimer != null) {
            idleTimer.cancel(false);
        }
        stopHeadTimer();
    }

    private void watchIdle(ChannelHandlerContext context, long nanos) {
        idleTimer = context.executor()
                .schedule(
                        () -> {
                            if (sendsOn(context)) {
                                connection.active();
                            }
                            long left = connection.idleSince()
                                    + limits.idleTimeout().toNanos()
                                    - System.nanoTime();
                            if (left > 0) {
                                watchIdle(context, left);
                            } else {
                                context.close();
                            }
                        },
                        nanos,
                        TimeUnit.NANOSECONDS);
    }

    /** The client has taken something of a long answer since this was last asked. */
    private boolean sendsOn(ChannelHandlerContext context) {
        ChannelOutboundBuffer out = context.channel().unsafe().outboundBuffer();
        long left = out == null ? 0 : out.totalPendingWriteBytes() - out.currentProgress();
        boolean moved = left != unsent;
        unsent = left;
        return moved;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf buffer = (ByteBuf) message;
        try {
            connection.active();
            if (!refused) {
                accept(context, join(buffer));
            }
        } finally {
            buffer.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (pending.length > 0 || refused) {
            context.read();
        }
        context.fireChannelReadComplete();
    }

    private byte[] join(ByteBuf buffer) {
        if (pending.length == 0) {
            return ByteBufUtil.getBytes(buffer);
        }
        byte[] joined = new byte[pending.length + buffer.readableBytes()];
        System.arraycopy(pending, 0, joined, 0, pending.length);
        buffer.getBytes(buffer.readerIndex(), joined, pending.length, buffer.readableBytes());
        return joined;
    }

    private void accept(ChannelHandlerContext context, byte[] bytes) {
        ByteBuf anew = null;
        int written = 0;
        int at = 0;
        while (at < bytes.length) {
            if (framing.atHead()) {
                int end = headEnd(bytes, at, Math.max(at, at == 0 ? pending.length - 3 : at));
                if (end < 0) {
                    break;
                }
                stopHeadTimer();
                Framing.Violation violation = end - at > limits.headerBytes()
                        ? Framing.Violation.HEAD_TOO_LARGE
                        : framing.head(bytes, at, end);
                if (violation != null) {
                    pass(context, anew, bytes, written, at);
                    refuse(context, violation);
                    return;
                }
                at = end;
            } else if (framing.inChunks()) {
                if (anew == null) {
                    anew = Unpooled.buffer(bytes.length + CHUNK_FRAME);
                }
                anew.writeBytes(bytes, written, at - written);
                int end = framing.body(bytes, at, bytes.length);
                if (end < 0) {
                    refused = true;
                    pass(context, anew, NO_CHUNK, 0, NO_CHUNK.length);
                    return;
                }
                chunk(anew, bytes, at, framing.gathered());
                at = end;
                written = end;
            } else {
                at = framing.body(bytes, at, bytes.length);
            }
        }
        pass(context, anew, bytes, written, at);
        keep(context, bytes, at);
    }

    private void chunk(ByteBuf out, byte[] data, int from, int length) {
        if (length > 0) {
            out.writeCharSequence(Integer.toHexString(length) + "\r\n", StandardCharsets.US_ASCII);
            out.writeBytes(data, from, length).writeBytes(LAST_CHUNK, 1, 2);
        }
        if (framing.atHead()) {
            out.writeBytes(LAST_CHUNK);
        }
    }

    /** Passes on what was written anew and, behind it, {@code bytes[from, to)}. */
    private void pass(ChannelHandlerContext context, @Nullable ByteBuf anew, byte[] bytes, int from, int to) {
        pending = NOTHING;
        ByteBuf all =
                anew == null ? Unpooled.wrappedBuffer(bytes, from, to - from) : anew.writeBytes(bytes, from, to - from);
        if (all.isReadable()) {
            context.fireChannelRead(all);
        }
    }

    private void keep(ChannelHandlerContext context, byte[] bytes, int from) {
        if (from == bytes.length) {
            return;
        }
        pending = from == 0 ? bytes : Arrays.copyOfRange(bytes, from, bytes.length);
        if (pending.length > limits.headerBytes()) {
            refuse(context, Framing.Violation.HEAD_TOO_LARGE);
        } else if (headTimer == null) {
            headTimer = context.executor()
                    .schedule(
                            () -> refuse(context, Framing.Violation.HEAD_TOO_SLOW),
                            limits.headTimeout().toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    private void refuse(ChannelHandlerContext context, Framing.Violation violation) {
        stopHeadTimer();
        if (refused) {
            return;
        }
        refused = true;
        pending = NOTHING;
        String request = "GET " + REFUSED_PATH + "?" + violation.name()
                + " HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";
        context.fireChannelRead(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
    }

    private void stopHeadTimer() {
        if (headTimer != null) {
            headTimer.cancel(false);
            headTimer = null;
        }
    }

    /** Where the head that starts at {@code from} ends, or -1; empty lines before a request are not a request. */
    private static int headEnd(byte[] bytes, int from, int searchFrom) {
        for (int i = Math.max(searchFrom, from) + 3; i < bytes.length; i++) {
            if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' && bytes[i - 3] == '\r') {
                return i + 1;
            }
        }
        return -1;
    }
}
