package dev.weir.streams.relay;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The three clocks of an attempt on one timer, which is armed again when it fires early instead of being moved with
 * every event. Confined to its loop.
 */
final class AttemptClock {

    private final Clocks clocks;
    private final EventLoop loop;
    private final Consumer<String> expired;
    private @Nullable Future<?> timer;
    private long begunAt;
    private long heardAt;
    private long waitingSince;
    private boolean waiting;
    private boolean contentCame;

    /** @param expired told which clock ran out */
    AttemptClock(Clocks clocks, EventLoop loop, Consumer<String> expired) {
        this.clocks = clocks;
        this.loop = loop;
        this.expired = expired;
    }

    void start(long now) {
        begunAt = now;
        heardAt = now;
        arm(now);
    }

    void stop() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        begunAt = 0;
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

    /** The first clock is over and the idle one begins: it may run out long before the timer that is armed. */
    void firstContent() {
        if (contentCame || begunAt == 0) {
            return;
        }
        contentCame = true;
        if (timer != null) {
            timer.cancel(false);
        }
        arm(System.nanoTime());
    }

    /** Nothing has come for this long. */
    boolean silentFor(Duration duration) {
        return System.nanoTime() - heardAt >= duration.toNanos();
    }

    private void arm(long now) {
        long left = Long.MAX_VALUE;
        if (!contentCame) {
            left = Math.min(left, left(clocks.firstContent(), begunAt, now));
        } else {
            left = Math.min(left, left(clocks.idle(), waiting ? waitingSince : now, now));
        }
        left = Math.min(left, left(clocks.total(), begunAt, now));
        if (left < Long.MAX_VALUE) {
            timer = loop.schedule(this::check, Math.max(left, 1), TimeUnit.NANOSECONDS);
        }
    }

    private void check() {
        long now = System.nanoTime();
        if (begunAt == 0) {
            return;
        }
        if (!contentCame && left(clocks.firstContent(), begunAt, now) <= 0) {
            expired.accept("no content within " + clocks.firstContent());
        } else if (contentCame && waiting && left(clocks.idle(), waitingSince, now) <= 0) {
            expired.accept("silent for " + clocks.idle());
        } else if (left(clocks.total(), begunAt, now) <= 0) {
            expired.accept("not finished within " + clocks.total());
        } else {
            arm(now);
        }
    }

    private static long left(Duration limit, long since, long now) {
        return limit.isZero() ? Long.MAX_VALUE : since + limit.toNanos() - now;
    }
}
