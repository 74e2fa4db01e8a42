package dev.weir.streams.mock;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The live side of a {@link Sighting}: written by the loop of its connection, read by anybody. */
final class Trace {
    private final long serial;
    private final Request request;
    private final long connection;
    private volatile int tokens;
    private volatile long bytes;
    private volatile Sighting.End end = Sighting.End.OPEN;
    private volatile long endedNanos;
    private volatile Sighting.@Nullable Told told;

    Trace(long serial, Request request, long connection) {
        this.serial = serial;
        this.request = request;
        this.connection = connection;
    }

    long serial() {
        return serial;
    }

    int tokens() {
        return tokens;
    }

    /** Only the loop of the connection calls this, so that the sums need no lock. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    void taken(int moreTokens, int moreBytes) {
        tokens = tokens + moreTokens;
        bytes = bytes + moreBytes;
    }

    Sighting.@Nullable Told toldUsage() {
        return told;
    }

    void told(Sighting.Told usage) {
        told = usage;
    }

    void ended(Sighting.End how) {
        endedNanos = System.nanoTime();
        end = how;
    }

    Sighting sighting() {
        Sighting.End how = end;
        return new Sighting(
                serial,
                request.attempt(),
                request.model(),
                request.user(),
                request.streamed(),
                connection,
                request.arrivedNanos(),
                request.arrivedMillis(),
                Map.copyOf(request.headers()),
                request.body(),
                request.bytes(),
                tokens,
                bytes,
                how,
                how == Sighting.End.OPEN ? 0 : endedNanos,
                told);
    }
}
