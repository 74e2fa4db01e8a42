package dev.weir.perf.load;

import dev.weir.perf.load.LoadSettings.Arrivals.Open;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Calls arrive at their times. One that finds no idle connection opens another, up to the bound, and waits for the first that is
 * free; its time counts from its arrival.
 */
final class OpenLoop implements Pacing {
    private static final int RECONNECT_MILLIS = 50;

    private final Crowd crowd;
    private final Open open;
    private final Random random = new Random(20_241_001);
    private final Deque<VirtualUser> idle = new ArrayDeque<>();
    private final Deque<Long> waiting = new ArrayDeque<>();
    private int connections;
    private long next;
    private boolean stopped;

    OpenLoop(Crowd crowd, Open open) {
        this.crowd = crowd;
        this.open = open;
    }

    @Override
    public void begin() {
        next = System.nanoTime();
        arrive();
    }

    @Override
    public void idle(VirtualUser user) {
        Long arrived = waiting.poll();
        if (arrived != null) {
            user.call(arrived);
        } else if (stopped) {
            user.leave();
        } else {
            idle.push(user); // the one used last: what is never needed stays out of the way
        }
    }

    @Override
    public void lost(VirtualUser user, boolean failed) {
        connections--;
        idle.remove(user);
        if (failed) {
            crowd.loop().schedule(this::connectForWaiting, RECONNECT_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            connectForWaiting();
        }
    }

    @Override
    public void stop() {
        stopped = true;
        idle.forEach(VirtualUser::leave);
    }

    @Override
    public void sweep(long beganBefore, long now) {
        for (Long oldest = waiting.peek(); oldest != null && oldest < beganBefore; oldest = waiting.peek()) {
            waiting.remove();
            crowd.neverSent(oldest, now);
        }
    }

    @Override
    public boolean hasWaiting() {
        return !waiting.isEmpty();
    }

    private void arrive() {
        if (stopped) {
            return;
        }
        long now = System.nanoTime();
        while (next <= now) {
            arrived(next);
            next += interval();
        }
        crowd.loop().schedule(this::arrive, next - now, TimeUnit.NANOSECONDS);
    }

    private void arrived(long at) {
        VirtualUser user = idle.poll();
        if (user != null) {
            user.call(at);
        } else {
            waiting.add(at);
            connectForWaiting();
        }
    }

    private void connectForWaiting() {
        if (!waiting.isEmpty() && connections < open.connections()) {
            connections++;
            crowd.connect(crowd.user());
        }
    }

    private long interval() {
        double nanos = 1e9 / open.rate();
        return (long) (open.poisson() ? -Math.log(1 - random.nextDouble()) * nanos : nanos);
    }
}
