package dev.weir.config.price;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class PriceCatalogueTest {

    private static final PriceCatalogue CATALOGUE = PriceCatalogue.bundled();

    private static Optional<Price> price(String provider, String model) {
        return CATALOGUE.find(provider, model).flatMap(ModelFacts::price);
    }

    @Test
    void theCatalogueHoldsEveryListedModel() {
        assertThat(CATALOGUE.size()).isEqualTo(774);
    }

    @Test
    void aModelHasItsPriceAndItsSizes() {
        ModelFacts facts = CATALOGUE.find("openai", "gpt-4.1-mini").orElseThrow();

        assertThat(facts.knownPrice()).isEqualTo(new Price(400_000, 100_000, 400_000, 1_600_000, 1_600_000));
        assertThat(facts.contextTokens()).isEqualTo(1_047_576);
        assertThat(facts.maxOutputTokens()).isEqualTo(32_768);
    }

    @Test
    void aZeroBesideARealPriceIsUnknown() {
        assertThat(price("openai", "gpt-3.5-turbo"))
                .as("its cache price is 0 in the table")
                .contains(Price.ofText(500_000, 1_500_000));
        assertThat(price("azure", "model-router")).as("its output price is 0").isEmpty();
        assertThat(price("openai", "text-embedding-3-small"))
                .as("an embedding has no output")
                .contains(Price.ofText(20_000, 20_000));
    }

    @Test
    void aReasoningPriceOfItsOwnCounts() {
        assertThat(price("perplexity", "sonar-deep-research"))
                .contains(new Price(2_000_000, 2_000_000, 2_000_000, 8_000_000, 3_000_000));
    }

    @Test
    void aModelWithoutAPriceIsUnpricedAndNotFree() {
        assertThat(CATALOGUE.find("openai", "chatgpt-image-latest")).isPresent();
        assertThat(price("openai", "chatgpt-image-latest")).isEmpty();
        assertThat(CATALOGUE.find("openai", "gpt-0")).isEmpty();
    }
}
