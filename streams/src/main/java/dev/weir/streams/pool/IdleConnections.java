package dev.weir.streams.pool;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The idle connections of one loop, the freshest first; those that nobody has used for too long are closed. */
final class IdleConnections {

    private static final long SWEEP_SECONDS = 1;

    private final EventLoop loop;
    private final Duration keepAlive;
    private final ArrayDeque<UpstreamConnection> idle = new ArrayDeque<>();
    private boolean sweeping;

    IdleConnections(EventLoop loop, Duration keepAlive) {
        this.loop = loop;
        this.keepAlive = keepAlive;
    }

    @Nullable
    UpstreamConnection take() {
        UpstreamConnection freshest = idle.pollFirst();
        while (freshest != null && (isStale(freshest) || !freshest.isOpen())) {
            freshest.close();
            freshest = idle.pollFirst();
        }
        return freshest;
    }

    void keep(UpstreamConnection connection) {
        idle.addFirst(connection);
        if (!sweeping) {
            sweeping = true;
            loop.schedule(this::sweep, SWEEP_SECONDS, TimeUnit.SECONDS);
        }
    }

    void forget(UpstreamConnection connection) {
        idle.remove(connection);
    }

    /** False when there is none. */
    boolean closeOldest() {
        UpstreamConnection oldest = idle.pollLast();
        if (oldest != null) {
            oldest.close();
        }
        return oldest != null;
    }

    void closeAll() {
        while (closeOldest()) {
            // The next one.
        }
    }

    private void sweep() {
        while (!idle.isEmpty() && isStale(idle.peekLast())) {
            closeOldest();
        }
        sweeping = !idle.isEmpty();
        if (sweeping) {
            loop.schedule(this::sweep, SWEEP_SECONDS, TimeUnit.SECONDS);
        }
    }

    private boolean isStale(UpstreamConnection connection) {
        return System.nanoTime() - connection.idleSince() > keepAlive.toNanos();
    }
}
