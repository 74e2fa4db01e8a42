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
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/**
 * One answer on its way out: a head and pieces (preamble, tokens, finale), written tick by tick on the loop of its connection.
 *
 * <p>Each tick is one write, held back while the peer does not read. The end is reported exactly once, to the witness and to
 * the connection.
 */
final class Answer implements Template.Values {
    private static final int BATCH_BYTES = 64 * 1024;
    private static final int RESET_DELAY_MILLIS = 2;
    private static final byte[] CRLF = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final MockConnection connection;
    private final ChannelHandlerContext ctx;
    private final Request request;
    private final Trace trace;
    private final Rendering rendering;
    private final Script script;
    private final boolean tellsUsage;
    private final boolean keepAlive;
    private final int pieces;
    private final int stop;
    private final long created;

    private int next;
    private int token;
    private long due;
    private boolean blocked;
    private boolean over;

    Answer(MockConnection connection, ChannelHandlerContext ctx, Request request, Trace trace, Rendering rendering) {
        this.connection = connection;
        this.ctx = ctx;
        this.request = request;
        this.trace = trace;
        this.rendering = rendering;
        this.script = rendering.script();
        this.tellsUsage = rendering.tellsUsage(request.usageAsked());
        this.keepAlive = connection.keepAlive()
                && !script.wire().close()
                && !script.wire().unframed();
        this.pieces = script.text().tokens() + 2;
        int stopsAfter = script.fault().stopsAfter();
        this.stop = stopsAfter == Integer.MAX_VALUE
                ? pieces
                : Math.min(stopsAfter, script.text().tokens()) + 1;
        this.created = request.arrivedMillis() / 1000;
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

    @Override
    public long of(Template.Hole hole) {
        int completion = script.text().tokens();
        return switch (hole) {
            case ID -> trace.serial();
            case CREATED -> created;
            case TOKEN -> token;
            case PROMPT -> request.promptTokens();
            case COMPLETION -> completion;
            case TOTAL -> request.promptTokens() + completion;
            case LENGTH -> length(0, pieces);
        };
    }

    private void at(long when, Runnable action) {
        long delay = when - System.nanoTime();
        if (delay <= 0) {
            action.run();
        } else {
            ctx.channel().eventLoop().schedule(action, delay, TimeUnit.NANOSECONDS);
        }
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
        if (next == stop && stop < pieces) {
            fail();
        } else if (next < pieces) {
            waitForNext();
        }
    }

    private int batchEnd() {
        int upTo = next + 1;
        int bytes = length(next, upTo);
        while (upTo < stop && bytes < BATCH_BYTES && followsAtOnce(upTo)) {
            bytes += length(upTo, upTo + 1);
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
            ctx.channel().eventLoop().schedule(this::tick, due - now, TimeUnit.NANOSECONDS);
        }
    }

    /** Writes the pieces up to this one, and the head before the first of them. */
    private void write(int upTo) {
        boolean last = upTo == pieces;
        int tokens = tokensUpTo(upTo) - tokensUpTo(next);
        int bytes = length(next, upTo);
        boolean cut = script.wire().segments() > 0;
        ByteBuf out = ctx.alloc().directBuffer(bytes + 512);
        if (next == 0) {
            rendering.head().write(this, out);
        }
        ByteBuf body = cut ? ctx.alloc().directBuffer(bytes) : out;
        if (!cut && rendering.chunked()) {
            openChunk(bytes, out);
        }
        for (int piece = next; piece < upTo; piece++) {
            writePiece(piece, body);
        }
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
        if (tellsUsage) {
            trace.told(new Sighting.Told(request.promptTokens(), script.text().tokens()));
        }
        end(script.fault() instanceof Fault.None ? Sighting.End.COMPLETE : Sighting.End.FAULTED, keepAlive);
    }

    private static void openChunk(int bytes, ByteBuf out) {
        Template.writeHex(bytes, Template.hexDigits(bytes), out);
        out.writeBytes(CRLF);
    }

    private int tokensUpTo(int piece) {
        return Math.clamp(piece - 1L, 0, script.text().tokens());
    }

    private int length(int from, int upTo) {
        int length = 0;
        for (int piece = from; piece < upTo; piece++) {
            if (piece == 0) {
                length += rendering.preamble().length(this);
            } else if (piece == pieces - 1) {
                length += thoughtsEnd(piece) + rendering.finale(tellsUsage).length(this);
            } else {
                token = piece - 1;
                length += thoughtsEnd(piece) + rendering.token(token).length(this);
            }
        }
        return length;
    }

    private int thoughtsEnd(int piece) {
        return piece - 1 == thoughts() ? rendering.betweenThoughtAndText().length(this) : 0;
    }

    private int thoughts() {
        return Math.min(script.text().reasoning(), script.text().tokens());
    }

    private void writePiece(int piece, ByteBuf out) {
        if (piece == 0) {
            rendering.preamble().write(this, out);
            return;
        }
        if (piece - 1 == thoughts()) {
            rendering.betweenThoughtAndText().write(this, out);
        }
        if (piece == pieces - 1) {
            rendering.finale(tellsUsage).write(this, out);
        } else {
            token = piece - 1;
            rendering.token(token).write(this, out);
        }
    }

    /** What the fault does once its tokens are out. */
    private void fail() {
        switch (script.fault()) {
            case Fault.Reset reset ->
                ctx.channel().eventLoop().schedule(this::reset, RESET_DELAY_MILLIS, TimeUnit.MILLISECONDS);
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
            case TWO_LENGTHS -> endByClosing(headAnd(whole()));
            case BAD_CHUNK -> {
                ByteBuf first = part();
                ByteBuf head = headAnd(Unpooled.EMPTY_BUFFER);
                openChunk(first.readableBytes(), head);
                endByClosing(Unpooled.wrappedBuffer(
                        head, first, Unpooled.copiedBuffer("\r\nzz\r\n{}\r\n", StandardCharsets.US_ASCII)));
            }
            case EARLY_EOF -> {
                ByteBuf first = part();
                ByteBuf head = headAnd(Unpooled.EMPTY_BUFFER);
                if (rendering.chunked()) {
                    openChunk(first.readableBytes() + 100, head);
                }
                endByClosing(Unpooled.wrappedBuffer(head, first));
            }
            case GZIP -> writeCompressed();
        }
    }

    private void writeCompressed() {
        ByteBuf packed = compressed(whole());
        ByteBuf head = ctx.alloc().directBuffer();
        rendering.head().write(hole -> hole == Template.Hole.LENGTH ? packed.readableBytes() : of(hole), head);
        int bytes = packed.readableBytes();
        ctx.writeAndFlush(Unpooled.wrappedBuffer(head, packed)).addListener(done -> {
            if (done.isSuccess()) {
                taken(script.text().tokens(), bytes, true);
            }
        });
    }

    private ByteBuf headAnd(ByteBuf body) {
        ByteBuf head = ctx.alloc().directBuffer();
        rendering.head().write(this, head);
        return head.writeBytes(body);
    }

    private ByteBuf whole() {
        return rendered(pieces);
    }

    /** The preamble and the first token, if there is one. */
    private ByteBuf part() {
        return rendered(Math.min(2, pieces - 1));
    }

    private ByteBuf rendered(int upTo) {
        ByteBuf body = Unpooled.buffer();
        for (int piece = 0; piece < upTo; piece++) {
            writePiece(piece, body);
        }
        return body;
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

    private void endByClosing(ByteBuf lastBytes) {
        ctx.writeAndFlush(lastBytes).addListener(done -> end(Sighting.End.FAULTED, false));
    }

    private void end(Sighting.End how, boolean connectionStays) {
        if (!over) {
            over = true;
            connection.answered(trace, how, connectionStays ? script.wire().keepAlive() : null);
        }
    }
}
