package dev.weir.config.price;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a model.
 *
 * @param knownPrice null for an unpriced model, which is not a free one
 * @param contextTokens how many tokens input and output may have together, 0 where unknown
 * @param maxOutputTokens how many tokens an answer may have, 0 where unknown
 */
public record ModelFacts(@Nullable Price knownPrice, long contextTokens, long maxOutputTokens) {

    public static final ModelFacts UNKNOWN = new ModelFacts(null, 0, 0);

    public Optional<Price> price() {
        return Optional.ofNullable(knownPrice);
    }

    /** The same model at another price. */
    public ModelFacts withPrice(Price price) {
        return new ModelFacts(price, contextTokens, maxOutputTokens);
    }
}
