package dev.weir.actors.meter;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How one limit stands after a decision: what headers and {@code /key/info} show.
 *
 * @param limit in the kind's unit
 * @param committed used and held
 * @param held the part of {@code committed} that open holds have
 * @param reset when the window ends; null for slots, for a budget without a duration and for a window not yet open
 */
public record Standing(
        Scope scope,
        LimitKind kind,
        long limit,
        long committed,
        long held,
        @Nullable Instant reset) {

    /** Whose limit it is. */
    public enum Scope {
        API_KEY,
        USER,
        TEAM,
        ORGANIZATION
    }

    /** What it counts. */
    public enum LimitKind {
        /** Requests a window. */
        REQUESTS,
        /** Tokens a window. */
        TOKENS,
        /** Nano-dollars a window, or for ever. */
        BUDGET,
        /** Requests in flight. */
        MAX_PARALLEL_REQUESTS
    }

    public long remaining() {
        return Math.max(0, limit - committed);
    }
}
