package dev.weir.streams.relay;

import dev.weir.config.price.Usage;
import org.jspecify.annotations.Nullable;

/**
 * How one attempt ended.
 *
 * @param failure null when the upstream's answer reached its own end
 * @param status what the upstream answered, or 0
 * @param usage what is charged
 * @param estimated the provider did not tell the usage
 * @param firstContentNanos from the attempt's begin to its first content, or 0
 */
public record AttemptEnd(
        @Nullable Failure failure, int status, Usage usage, boolean estimated, long firstContentNanos) {}
