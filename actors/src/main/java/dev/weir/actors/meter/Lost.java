package dev.weir.actors.meter;

import org.jspecify.annotations.Nullable;

/**
 * A call whose door is gone: nobody says any more what it used, so that all that it held is charged.
 *
 * @param key the id of its meter
 */
public record Lost(
        HoldId hold,
        String key,
        String model,
        long tokens,
        long nanoUsd,
        @Nullable String userId,
        @Nullable String teamId,
        @Nullable String organizationId) {}
