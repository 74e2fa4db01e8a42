package dev.weir.streams.mock;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * One answer on its way out: a head and pieces (preamble, tokens, finale), written tick by tick on the loop of its connection.
 *
 * <p>Each tick is one write, held back while the peer does not read. The end is reported exactly once, to the witness and to
 * the connection.
 */
final class Answer {
    private static final int BATCH_BYTES = 64 * 1024;
    private static final int RESET_DELAY_NANOS = 2_000_000;
    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final MockConnection connection;
    private final ChannelHandlerContext ctx;
    private final Trace trace;
    private final Rendering rendering;
    private final Script script;
    private final Request request;
    private final Pieces pieces;
    private final boolean keepAlive;
    private final int stop;

    private int next;
    private long due;
    private @Nullable Future<?> timer;
    private boolean blocked;
    private boolean over;

    Answer(MockConnection connection, ChannelHandlerContext ctx, Request request, Trace trace, Rendering rendering) {
        this.connection = connection;
        this.ctx = ctx;
        this.request = request;
        this.trace = trace;
        this.rendering = rendering;
        this.script = rendering.script();
        this.pieces = new Pieces(rendering, request, trace.serial());
        this.keepAlive = connection.keepAlive()
                && !script.wire().close()
                && !script.wire().unframed();
        int stopsAfter = script.fault().stopsAfter();
        this.stop = stopsAfter == Integer.MAX_VALUE ? pieces.count() : Math.min(stopsAfter, pieces.tokens()) + 1;
    }

    /** Starts the clock. */
    void begin() {
        Script.Pace pace = script.pace();
        due = System.nanoTime() + pace.slowHeaders().toNanos();
        if (!headersFirst()) {
            due += pace.latency().toNanos();
        }
        switch (script.fault()) {
            case Fault.Status fault -> at(due, () -> refuse(fault));
            case Fault.Framing fault -> at(due, () -> mangle(fault));
            case Fault.Reset fault -> at(due, fault.after() == Fault.BEFORE_HEADERS ? this::reset : this::tick);
            case Fault.Stall fault -> at(due, fault.after() == Fault.BEFORE_HEADERS ? () -> {} : this::tick);
            default -> at(due, this::tick);
        }
    }

    /** The peer went away: nothing more is written. */
    void peerGone() {
        end(Sighting.End.CLOSED_BY_PEER, false);
    }

    /** The peer reads again. */
    void writable() {
        if (blocked) {
            blocked = false;
            due = Math.max(due, System.nanoTime());
            tick();
        }
    }

    private void at(long when, Runnable action) {
        long delay = when - System.nanoTime();
        if (delay <= 0) {
            action.run();
        } else {
            later(action, delay);
        }
    }

    private void later(Runnable action, long nanos) {
        timer = ctx.channel().eventLoop().schedule(action, nanos, TimeUnit.NANOSECONDS);
    }

    private void tick() {
        if (over) {
            return;
        }
        if (!ctx.channel().isWritable()) {
            blocked = true;
            return;
        }
        int upTo = batchEnd();
        write(upTo);
        if (over) {
            return;
        }
        if (next == stop && stop < pieces.count()) {
            fail();
        } else if (next < pieces.count()) {
            waitForNext();
        }
    }

    private int batchEnd() {
        int upTo = next + 1;
        int bytes = pieces.length(next, upTo);
        while (upTo < stop && bytes < BATCH_BYTES && followsAtOnce(upTo)) {
            bytes += pieces.length(upTo, upTo + 1);
            upTo++;
        }
        return upTo;
    }

    private boolean followsAtOnce(int piece) {
        if (piece == 1) {
            return !headersFirst();
        }
        return script.pace().gap().isZero() || !rendering.streamed();
    }

    private boolean headersFirst() {
        return script.pace().earlyHeaders() && rendering.streamed();
    }

    private void waitForNext() {
        Script.Pace pace = script.pace();
        Duration gap = next == 1 && pace.earlyHeaders() ? pace.latency() : pace.gap();
        long now = System.nanoTime();
        due = Math.max(due + (rendering.streamed() ? gap.toNanos() : 0), now);
        if (due - now <= 0) {
            ctx.channel().eventLoop().execute(this::tick);
        } else {
            later(this::tick, due - now);
        }
    }

    /** Writes the pieces up to this one, and the head before the first of them. */
    private void write(int upTo) {
        boolean last = upTo == pieces.count();
        int tokens = pieces.tokensBefore(upTo) - pieces.tokensBefore(next);
        int bytes = pieces.length(next, upTo);
        boolean cut = script.wire().segments() > 0;
        ByteBuf out = ctx.alloc().directBuffer(bytes + 512);
        if (next == 0) {
            pieces.writeHead(out);
        }
        ByteBuf body = cut ? ctx.alloc().directBuffer(bytes) : out;
        if (!cut && rendering.chunked()) {
            openChunk(bytes, out);
        }
        pieces.write(next, upTo, body);
        next = upTo;
        if (cut) {
            writeSegments(out, body);
            out = ctx.alloc().directBuffer();
        } else if (rendering.chunked()) {
            out.writeBytes(CRLF);
        }
        if (last && rendering.chunked()) {
            out.writeBytes(LAST_CHUNK);
        }
        ChannelFuture written = ctx.writeAndFlush(out);
        written.addListener(done -> {
            if (done.isSuccess()) {
                taken(tokens, bytes, last);
            }
        });
    }

    private void writeSegments(ByteBuf out, ByteBuf body) {
        ctx.write(out);
        int size = script.wire().segments();
        while (body.isReadable()) {
            ByteBuf piece = body.readRetainedSlice(Math.min(size, body.readableBytes()));
            if (rendering.chunked()) {
                ByteBuf start = ctx.alloc().directBuffer(16);
                openChunk(piece.readableBytes(), start);
                ctx.write(start);
                ctx.write(piece);
                ctx.writeAndFlush(Unpooled.wrappedBuffer(CRLF));
            } else {
                ctx.writeAndFlush(piece);
            }
        }
        body.release();
    }

    private void taken(int tokens, int bytes, boolean last) {
        trace.taken(tokens, bytes);
        if (!last) {
            connection.witness().progressed();
            return;
        }
        if (pieces.tellsUsage()) {
            trace.told(new Sighting.Told(request.promptTokens(), pieces.tokens()));
        }
        end(script.fault() instanceof Fault.None ? Sighting.End.COMPLETE : Sighting.End.FAULTED, keepAlive);
    }

    private static void openChunk(int bytes, ByteBuf out) {
        Template.writeHex(bytes, Template.hexDigits(bytes), out);
        out.writeBytes(CRLF);
    }

    /** What the fault does once its tokens are out. */
    private void fail() {
        switch (script.fault()) {
            case Fault.Reset reset -> later(this::reset, RESET_DELAY_NANOS);
            case Fault.End end -> endEarly();
            default -> {} // a stall says nothing and stays
        }
    }

    private void endEarly() {
        ByteBuf rest = rendering.chunked() ? Unpooled.wrappedBuffer(LAST_CHUNK) : Unpooled.EMPTY_BUFFER;
        boolean stays = rendering.chunked() && keepAlive;
        ctx.writeAndFlush(rest).addListener(done -> end(Sighting.End.FAULTED, stays));
    }

    private void reset() {
        if (!over) {
            ctx.channel().config().setOption(ChannelOption.SO_LINGER, 0);
            end(Sighting.End.FAULTED, false);
        }
    }

    private void refuse(Fault.Status fault) {
        if (!over) {
            ctx.writeAndFlush(Unpooled.wrappedBuffer(PlainAnswer.of(fault, request, keepAlive)))
                    .addListener(done -> end(Sighting.End.FAULTED, keepAlive));
        }
    }

    /** Writes a message that is broken as a whole, then closes (a compressed one is merely unwanted, and keeps the connection). */
    private void mangle(Fault.Framing fault) {
        if (over) {
            return;
        }
        switch (fault) {
            case TWO_LENGTHS -> closeAfter(pieces.count(), "", "");
            case BAD_CHUNK -> closeAfter(firstPieces(), chunkOf(0), "\r\nzz\r\n{}\r\n");
            case EARLY_EOF -> closeAfter(firstPieces(), rendering.chunked() ? chunkOf(100) : "", "");
            case GZIP -> writeCompressed();
        }
    }

    /** The preamble and the first token, if there is one. */
    private int firstPieces() {
        return Math.min(2, pieces.count() - 1);
    }

    /** The size line of a chunk that is so much longer than the first pieces. */
    private String chunkOf(int more) {
        return Integer.toHexString(pieces.length(0, firstPieces()) + more) + "\r\n";
    }

    private void closeAfter(int upTo, String before, String after) {
        int bytes = pieces.length(0, upTo);
        ByteBuf out = ctx.alloc().directBuffer(bytes + 512);
        pieces.writeHead(out);
        out.writeCharSequence(before, StandardCharsets.US_ASCII);
        pieces.write(0, upTo, out);
        out.writeCharSequence(after, StandardCharsets.US_ASCII);
        ctx.writeAndFlush(out).addListener(done -> {
            if (done.isSuccess()) {
                trace.taken(pieces.tokensBefore(upTo), bytes);
            }
            end(Sighting.End.FAULTED, false);
        });
    }

    private void writeCompressed() {
        ByteBuf packed = compressed(pieces.rendered(pieces.count()));
        int bytes = packed.readableBytes();
        ByteBuf head = ctx.alloc().directBuffer();
        pieces.writeHead(bytes, head);
        ctx.writeAndFlush(Unpooled.wrappedBuffer(head, packed)).addListener(done -> {
            if (done.isSuccess()) {
                taken(pieces.tokens(), bytes, true);
            }
        });
    }

    private static ByteBuf compressed(ByteBuf plain) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(ByteBufUtil.getBytes(plain));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Unpooled.wrappedBuffer(packed.toByteArray());
    }

    private void end(Sighting.End how, boolean connectionStays) {
        if (!over) {
            over = true;
            if (timer != null) {
                timer.cancel(false);
            }
            connection.answered(trace, how, connectionStays ? script.wire().keepAlive() : null);
        }
    }
}
