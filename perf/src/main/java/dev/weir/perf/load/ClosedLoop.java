package dev.weir.perf.load;

import java.util.concurrent.TimeUnit;

/**
 * Users join over the ramp; each calls again when it has its answer, at once or after a pause, on a new connection where the
 * old one has ended.
 *
 * <p>Answers that take exactly as long each time bring users into step who call again at once: whom one hiccup has held up stay
 * together for ever. A pause that is another one each time keeps them apart.
 */
final class ClosedLoop implements Pacing {
    private static final int RECONNECT_MILLIS = 50;

    private final Crowd crowd;
    private final int users;
    private final long rampNanos;
    private final long pauseNanos;
    private boolean stopped;

    /** @param pauseNanos the longest pause; 0 for none */
    ClosedLoop(Crowd crowd, int users, long rampNanos, long pauseNanos) {
        this.crowd = crowd;
        this.users = users;
        this.rampNanos = rampNanos;
        this.pauseNanos = pauseNanos;
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
        if (stopped || pauseNanos == 0) {
            next(user);
        } else {
            crowd.loop().schedule(() -> next(user), crowd.anyUpTo(pauseNanos), TimeUnit.NANOSECONDS);
        }
    }

    private void next(VirtualUser user) {
        if (stopped) {
            user.leave();
        } else if (user.isConnected()) {
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
