package dev.weir.perf.load;

import java.util.concurrent.TimeUnit;

/** Users join over the ramp; each calls again when it has its answer, on a new connection where the old one has ended. */
final class ClosedLoop implements Pacing {
    private static final int RECONNECT_MILLIS = 50;

    private final Crowd crowd;
    private final int users;
    private final long rampNanos;
    private boolean stopped;

    ClosedLoop(Crowd crowd, int users, long rampNanos) {
        this.crowd = crowd;
        this.users = users;
        this.rampNanos = rampNanos;
    }

    @Override
    public void begin() {
        for (int i = 0; i < users; i++) {
            VirtualUser user = crowd.user();
            crowd.loop().schedule(() -> connect(user), rampNanos * i / users, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void idle(VirtualUser user) {
        if (stopped) {
            user.leave();
        } else {
            user.call(System.nanoTime());
        }
    }

    @Override
    public void lost(VirtualUser user, boolean failed) {
        if (failed) {
            crowd.loop().schedule(() -> connect(user), RECONNECT_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            connect(user);
        }
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public void sweep(long beganBefore, long now) {}

    @Override
    public boolean hasWaiting() {
        return false;
    }

    private void connect(VirtualUser user) {
        if (!stopped) {
            crowd.connect(user);
        }
    }
}
