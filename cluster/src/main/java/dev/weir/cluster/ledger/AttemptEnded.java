package dev.weir.cluster.ledger;

import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;

/**
 * How an attempt ended.
 *
 * @param status the upstream's, or 0 when it gave none
 * @param estimated the usage is Weir's own count
 * @param priced false when the model has no price, so that {@code nanoUsd} is 0 for want of a better figure
 * @param endedMillis since the epoch
 * @param firstContentMillis since the epoch, or 0 when no content came
 */
public record AttemptEnded(
        AttemptId id,
        Outcome outcome,
        int status,
        Usage usage,
        boolean estimated,
        long nanoUsd,
        boolean priced,
        long endedMillis,
        long firstContentMillis) {}
