package dev.weir.cluster.ledger;

import dev.weir.actors.meter.HoldId;
import org.jspecify.annotations.Nullable;

/**
 * What a call held when the node that had received it died.
 *
 * @param keyHash SHA-256 of the key, in hex
 * @param model the public name that it was for
 * @param tokens that were held, 0 or more
 * @param nanoUsd that were held, 0 or more
 * @param beganMillis since the epoch, or 0 when nobody knows
 */
public record LostHold(
        HoldId hold,
        String keyHash,
        String model,
        long tokens,
        long nanoUsd,
        @Nullable String teamId,
        @Nullable String userId,
        @Nullable String organizationId,
        @Nullable String endUser,
        long beganMillis) {

    public LostHold {
        if (tokens < 0 || nanoUsd < 0) {
            throw new IllegalArgumentException(
                    "lost hold " + hold + ": " + tokens + " tokens, " + nanoUsd + " nano-dollars (expected: >= 0)");
        }
    }
}
