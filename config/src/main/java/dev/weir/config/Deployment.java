package dev.weir.config;

import dev.weir.config.price.ModelFacts;
import dev.weir.config.price.Price;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One place that serves a model: an entry of {@code model_list}, complete with the defaults around it.
 *
 * @param id {@code model_info.id}, or a short hash of what the entry says
 * @param modelName the public name; the deployments of one name share its calls
 * @param upstreamModel the name that the provider knows
 * @param apiBase where paths like {@code /chat/completions} are appended; no slash at its end
 * @param credential null where the upstream takes none
 * @param weight its share within its model name, 0 for none
 * @param facts price and sizes of the model
 */
public record Deployment(
        String id,
        String modelName,
        Provider provider,
        String upstreamModel,
        URI apiBase,
        @Nullable Secret credential,
        double weight,
        Timeouts timeouts,
        ModelFacts facts) {

    public Deployment {
        if (!(weight >= 0)) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: >= 0)");
        }
    }

    /**
     * The clocks of a call: the deployment's own, else the router's, else {@code weir.upstream}'s.
     *
     * @param firstContent to the first content of an answer
     * @param streamFirstContent to the first content of a streamed one
     * @param idle between two pieces of an answer
     * @param total the whole call; null for no bound
     */
    public record Timeouts(
            Duration firstContent,
            Duration streamFirstContent,
            Duration idle,
            @Nullable Duration total) {}

    /** The price, unless the model is unpriced. */
    public Optional<Price> price() {
        return facts.price();
    }
}
