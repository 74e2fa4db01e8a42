package dev.weir.streams.relay;

import org.jspecify.annotations.Nullable;

/**
 * How much output of a stream is held, and so may be passed on. More is asked for at three quarters of it, so that a
 * stream seldom has to wait. Confined to its call's loop.
 */
final class Allowance {

    private static final long LEAST = 64;
    private static final long MOST = 4_096;

    private final CallWatch watch;
    private final Runnable moved;
    private boolean asking;
    private boolean pausing;
    private @Nullable Failure refusal;

    /** @param moved runs when there is an answer to what was asked for */
    Allowance(CallWatch watch, Runnable moved) {
        this.watch = watch;
        this.moved = moved;
    }

    /** Whether output up to here may be passed on; asks for more in time. */
    boolean covers(long output) {
        long held = watch.outputHeld();
        if (held == Long.MAX_VALUE) {
            return true;
        }
        if (output > held - held / 4 && !asking && refusal == null) {
            asking = true;
            watch.holdOutput(Math.max(output, held + Math.clamp(held, LEAST, MOST)), this::answered);
        }
        pausing = output > held;
        return !pausing;
    }

    private void answered(@Nullable Failure no) {
        asking = false;
        refusal = no;
        moved.run();
    }

    /** Output waits here for more to be held. */
    boolean isPausing() {
        return pausing;
    }

    /** Why there will be no more; null when there may. */
    @Nullable
    Failure refusal() {
        return refusal;
    }
}
