package dev.weir.perf.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One user on one connection at a time: writes a call when its crowd's {@link Pacing} says so, reads and checks the answer. */
@Sharable // over the connections that it has one after the other
final class VirtualUser extends ChannelInboundHandlerAdapter {

    /** Never leaves. */
    static final int STAYS = Integer.MAX_VALUE;

    /** What a user needs from its crowd. */
    interface Company {

        /** The bytes of a call with this number, to be written and released. */
        ByteBuf call(long number);

        /** How many tokens the next call waits for before it leaves; {@link #STAYS} when it does not. */
        int patience();

        /** The number of the next call. */
        long number();

        /** Room for the bytes that are being read, shared by all users of the loop. */
        byte[] scratch();

        Tally tally();

        Pacing pacing();

        void began();

        void ended();
    }

    private final Company crowd;
    private final Verifier verifier;
    private final ResponseReader reader;
    private final long readEveryNanos;
    private @Nullable ChannelHandlerContext context;
    private boolean calling;
    private long number;
    private long began;
    private int patience;
    private final long[] texts;
    private int textCount;
    private long lastText;

    /** @param readEveryNanos between two reads of a slow one, 0 for one that reads at once */
    VirtualUser(Company crowd, Verifier verifier, int tokens, long readEveryNanos) {
        this.texts = new long[tokens + 1];
        this.crowd = crowd;
        this.verifier = verifier;
        this.reader = new ResponseReader(verifier);
        this.readEveryNanos = readEveryNanos;
    }

    boolean isConnected() {
        return context != null;
    }

    boolean isSlow() {
        return readEveryNanos > 0;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        if (isSlow()) {
            readNow(ctx);
        }
        crowd.pacing().idle(this);
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
        crowd.pacing().lost(this, failed);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    /** The connection that was asked for did not come. */
    void notConnected() {
        crowd.tally().ended(Outcome.CONNECT, 0, System.nanoTime(), null);
        crowd.pacing().lost(this, true);
    }

    /** Gives up a call that began before this moment. */
    void giveUp(long beganBefore, long now) {
        if (calling && began < beganBefore && context != null) {
            end(Outcome.TIMEOUT, now);
            context.close();
        }
    }

    /** Calls; the time counts from {@code intended}. */
    void call(long intended) {
        if (context == null) {
            throw new IllegalStateException("a user without a connection cannot call");
        }
        reader.begin();
        verifier.begin();
        calling = true;
        crowd.began();
        crowd.tally().sent();
        number = crowd.number();
        patience = crowd.patience();
        began = intended;
        textCount = 0;
        context.writeAndFlush(crowd.call(number), context.voidPromise());
    }

    /** Closes the connection of a user that has nothing to do. */
    void leave() {
        if (context != null) {
            context.close();
        }
    }

    private void readNow(ChannelHandlerContext ctx) {
        ctx.read();
        if (ctx.channel().isActive()) {
            ctx.executor().schedule(() -> readNow(ctx), readEveryNanos, TimeUnit.NANOSECONDS);
        }
    }

    private void read(ChannelHandlerContext ctx, byte[] bytes, int length, long now) {
        if (!calling) {
            ctx.close();
            return;
        }
        ResponseReader.Progress progress = reader.read(bytes, length);
        time(now);
        switch (progress) {
            case MORE -> {
                if (textCount >= patience) {
                    leaveInTheMiddle(ctx);
                }
            }
            case BROKEN -> {
                end(Outcome.CORRUPTED, now);
                ctx.close();
            }
            case DONE -> {
                end(verdict(), now);
                if (reader.closes()) {
                    ctx.close();
                } else {
                    crowd.pacing().idle(this);
                }
            }
        }
    }

    private void leaveInTheMiddle(ChannelHandlerContext ctx) {
        long now = System.nanoTime();
        crowd.tally().left(number, textCount, now);
        end(Outcome.LEFT, now);
        ctx.close();
    }

    private void time(long now) {
        for (int more = verifier.newTexts(); more > 0; more--) {
            texts[textCount] = now - (textCount == 0 ? began : lastText);
            textCount = Math.min(textCount + 1, texts.length - 1);
            lastText = now;
        }
    }

    private Outcome verdict() {
        int status = reader.status();
        if (status == 200) {
            return verifier.verdict();
        }
        return status == 429 || status == 503 ? Outcome.REFUSED : Outcome.STATUS;
    }

    private void end(Outcome outcome, long now) {
        calling = false;
        crowd.tally().ended(outcome, now - began, now, isSlow() ? null : texts, textCount);
        if (outcome == Outcome.OK) {
            crowd.tally().usage(verifier.completion());
        }
        crowd.ended();
    }
}
