package dev.weir.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a call finds its deployment: {@code router_settings} and their namesakes in {@code litellm_settings}.
 *
 * @param numRetries further attempts after the first
 * @param timeout the whole call where its deployment says nothing; null for {@code weir.upstream.total_timeout}
 */
public record Router(int numRetries, @Nullable Duration timeout) {

    public Router {
        if (numRetries < 0) {
            throw new IllegalArgumentException("num_retries: " + numRetries + " (expected: >= 0)");
        }
    }
}
