package dev.weir.perf.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/** One user on one connection at a time: writes its call, reads and checks the answer, writes the next. */
@Sharable // over the connections that it has one after the other
final class VirtualUser extends ChannelInboundHandlerAdapter {

    /** What a user needs from its crowd. */
    interface Crowd {
        /** Whether another call is wanted. */
        boolean goesOn();

        /** The bytes of a call, to be written and released. */
        ByteBuf call();

        /** Room for the bytes that are being read, shared by all users of the loop. */
        byte[] scratch();

        Tally tally();

        /** The connection has ended and the user would go on: it needs another. */
        void reconnect(VirtualUser user, boolean failed);

        void began();

        void ended();
    }

    private final Crowd crowd;
    private final Verifier verifier;
    private final ResponseReader reader;
    private @Nullable ChannelHandlerContext context;
    private boolean calling;
    private long began;
    private final long[] texts;
    private int textCount;
    private long lastText;

    VirtualUser(Crowd crowd, Verifier verifier, int tokens) {
        this.texts = new long[tokens + 1];
        this.crowd = crowd;
        this.verifier = verifier;
        this.reader = new ResponseReader(verifier);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        if (crowd.goesOn()) {
            call(ctx);
        } else {
            ctx.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            long now = System.nanoTime();
            byte[] scratch = crowd.scratch();
            while (bytes.isReadable()) {
                int length = Math.min(bytes.readableBytes(), scratch.length);
                bytes.readBytes(scratch, 0, length);
                read(ctx, scratch, length, now);
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        context = null;
        boolean failed = false;
        if (calling) {
            Outcome outcome = reader.ended() == ResponseReader.Progress.DONE ? verdict() : Outcome.TRUNCATED;
            end(outcome, System.nanoTime());
            failed = outcome != Outcome.OK;
        }
        crowd.reconnect(this, failed);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    /** The connection that was asked for did not come. */
    void notConnected() {
        crowd.tally().ended(Outcome.CONNECT, 0, System.nanoTime(), texts, 0);
        crowd.reconnect(this, true);
    }

    /** Gives up a call that began before this moment. */
    void giveUp(long beganBefore, long now) {
        if (calling && began < beganBefore && context != null) {
            end(Outcome.TIMEOUT, now);
            context.close();
        }
    }

    private void call(ChannelHandlerContext ctx) {
        reader.begin();
        verifier.begin();
        calling = true;
        crowd.began();
        crowd.tally().sent();
        began = System.nanoTime();
        textCount = 0;
        ctx.writeAndFlush(crowd.call(), ctx.voidPromise());
    }

    private void read(ChannelHandlerContext ctx, byte[] bytes, int length, long now) {
        if (!calling) {
            ctx.close();
            return;
        }
        ResponseReader.Progress progress = reader.read(bytes, length);
        time(now);
        switch (progress) {
            case MORE -> {}
            case BROKEN -> {
                end(Outcome.CORRUPTED, now);
                ctx.close();
            }
            case DONE -> {
                end(verdict(), now);
                goOn(ctx);
            }
        }
    }

    private void goOn(ChannelHandlerContext ctx) {
        if (reader.closes() || !crowd.goesOn()) {
            ctx.close();
        } else {
            call(ctx);
        }
    }

    private void time(long now) {
        for (int more = verifier.newTexts(); more > 0; more--) {
            texts[textCount] = now - (textCount == 0 ? began : lastText);
            textCount = Math.min(textCount + 1, texts.length - 1);
            lastText = now;
        }
    }

    private Outcome verdict() {
        return reader.status() == 200 ? verifier.verdict() : Outcome.STATUS;
    }

    private void end(Outcome outcome, long now) {
        calling = false;
        crowd.tally().ended(outcome, now - began, now, texts, textCount);
        if (outcome == Outcome.OK) {
            crowd.tally().usage(verifier.completion());
        }
        crowd.ended();
    }
}
