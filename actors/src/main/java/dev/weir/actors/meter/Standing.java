package dev.weir.actors.meter;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How one limit stands after a decision: what headers and {@code /key/info} show.
 *
 * @param account whose limit it is; null for the key's own
 * @param id which of its limits
 * @param limit in the kind's unit
 * @param committed used and held
 * @param held the part of {@code committed} that open holds have; of an account, those of this node
 * @param reset when the window ends; null for slots, for a budget without a duration and for a window not yet open
 */
public record Standing(
        Scope scope,
        @Nullable String account,
        LimitId id,
        long limit,
        long committed,
        long held,
        @Nullable Instant reset) {

    /** Whose limit it is. */
    public enum Scope {
        API_KEY,
        USER,
        TEAM,
        ORGANIZATION,
        TEAM_MEMBER,
        END_USER,
        GLOBAL
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

    public LimitKind kind() {
        return id.unit().kind();
    }

    public long remaining() {
        return Math.max(0, limit - committed);
    }

    Standing until(Instant end) {
        return new Standing(scope, account, id, limit, committed, held, end);
    }
}
