package dev.weir.streams.relay;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The three clocks of an attempt on one timer, which is armed again when it fires early instead of being moved with
 * every event; only a sooner end moves it. Confined to its loop.
 */
final class AttemptClock {

    private final Clocks clocks;
    private final EventLoop loop;
    private final Consumer<String> expired;
    private @Nullable Future<?> timer;
    private long firesAt;
    private final long callBegunAt;
    private boolean running;
    private long begunAt;
    private long heardAt;
    private long waitingSince;
    private boolean waiting;
    private boolean contentCame;

    /**
     * Stands still until {@link #start}.
     *
     * @param callBegunAt from where the total counts
     * @param expired told which clock ran out
     */
    AttemptClock(Clocks clocks, long callBegunAt, EventLoop loop, Consumer<String> expired) {
        this.clocks = clocks;
        this.callBegunAt = callBegunAt;
        this.loop = loop;
        this.expired = expired;
    }

    void start(long now) {
        running = true;
        begunAt = now;
        heardAt = now;
        arm(left(now), now);
    }

    void stop() {
        running = false;
        disarm();
    }

    /** A read is under way: from now on silence is the upstream's. */
    void waiting() {
        if (!waiting) {
            waiting = true;
            waitingSince = System.nanoTime();
        }
    }

    /** Something came. */
    void heard() {
        waiting = false;
        heardAt = System.nanoTime();
    }

    /** From now on silence counts instead of the wait for this. */
    void firstContent() {
        contentCame = true;
        if (running) {
            long now = System.nanoTime();
            long left = left(now);
            if (timer == null || left < firesAt - now) {
                disarm();
                arm(left, now);
            }
        }
    }

    /** Nothing has come for this long. */
    boolean silentFor(Duration duration) {
        return System.nanoTime() - heardAt >= duration.toNanos();
    }

    /** Until the first clock runs out; for ever: {@link Long#MAX_VALUE}. */
    private long left(long now) {
        long left = contentCame
                ? left(clocks.idle(), waiting ? waitingSince : now, now)
                : left(clocks.firstContent(), begunAt, now);
        return Math.min(left, left(clocks.total(), callBegunAt, now));
    }

    private void arm(long left, long now) {
        if (left < Long.MAX_VALUE) {
            firesAt = now + left;
            timer = loop.schedule(this::check, Math.max(left, 1), TimeUnit.NANOSECONDS);
        }
    }

    private void disarm() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void check() {
        timer = null;
        long now = System.nanoTime();
        if (!contentCame && left(clocks.firstContent(), begunAt, now) <= 0) {
            expired.accept("no content within " + clocks.firstContent());
        } else if (contentCame && waiting && left(clocks.idle(), waitingSince, now) <= 0) {
            expired.accept("silent for " + clocks.idle());
        } else if (left(clocks.total(), callBegunAt, now) <= 0) {
            expired.accept("not finished within " + clocks.total());
        } else {
            arm(left(now), now);
        }
    }

    private static long left(Duration limit, long since, long now) {
        return limit.isZero() ? Long.MAX_VALUE : since + limit.toNanos() - now;
    }
}
