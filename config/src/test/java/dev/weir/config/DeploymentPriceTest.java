package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.price.Price;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeploymentPriceTest {

    private static WeirConfig load(String model, String params, String info) {
        return ConfigFile.parse(
                "model_list: [{model_name: m, litellm_params: {model: " + model + ", api_base: 'http://x/v1'" + params
                        + "}, model_info: {" + info + "}}]",
                Map.of(),
                Instant.EPOCH);
    }

    private static Deployment deployment(String model, String params, String info) {
        return load(model, params, info).deployments().getFirst();
    }

    @Test
    void aPriceComesFromTheCatalogue() {
        assertThat(deployment("openai/gpt-4.1-mini", "", "").price())
                .contains(new Price(400_000, 100_000, 400_000, 1_600_000, 1_600_000));
        assertThat(deployment("together_ai/none", "", "").price()).isEmpty();
    }

    @Test
    void aPriceThatIsSaidWins() {
        assertThat(deployment(
                                "openai/own",
                                ", input_cost_per_token: 1.5e-06, output_cost_per_token: 1e-05,"
                                        + " cache_read_input_token_cost: 0, cache_creation_input_token_cost: 2e-6",
                                "")
                        .price())
                .contains(new Price(1_500_000, 0, 2_000_000, 10_000_000, 10_000_000));
    }

    @Test
    void anInputPriceThatIsSaidReplacesTheListedCachePricesToo() {
        assertThat(deployment("openai/gpt-4.1-mini", ", input_cost_per_token: 0.00000005", "")
                        .price())
                .contains(new Price(50_000, 50_000, 50_000, 1_600_000, 1_600_000));
    }

    @Test
    void halfAPriceIsNoPriceAndIsListed() {
        WeirConfig config = load("openai/own", ", input_cost_per_token: 1e-6", "");

        assertThat(config.deployments().getFirst().price()).isEmpty();
        assertThat(config.notHonoured())
                .containsExactly("model_list[0].litellm_params.input_cost_per_token: not honoured without"
                        + " input_cost_per_token and output_cost_per_token, the model is unpriced");
    }

    @Test
    void aBaseModelNamesPriceAndSizes() {
        Price mini = new Price(400_000, 100_000, 400_000, 1_600_000, 1_600_000);

        assertThat(deployment("openai/mine", "", "base_model: gpt-4.1-mini").price())
                .contains(mini);
        assertThat(deployment("openai/mine", "", "base_model: gpt-4.1-mini")
                        .facts()
                        .maxOutputTokens())
                .isEqualTo(32_768);
        assertThat(deployment("hosted_vllm/mine", "", "base_model: openai/gpt-4.1-mini")
                        .price())
                .contains(mini);
        assertThat(deployment("openai/mine", "", "base_model: anthropic/claude-sonnet-4-5")
                        .price())
                .isPresent();
    }

    @Test
    void aBaseModelThatIsNotListedIsToldAndUnpriced() {
        WeirConfig config = load("openai/gpt-4.1-mini", "", "base_model: nothing");

        assertThat(config.deployments().getFirst().price()).isEmpty();
        assertThat(config.notHonoured())
                .containsExactly("model_list[0].model_info.base_model: not in the catalogue, so it names no price");
    }

    @Test
    void aServerOfOnesOwnIsFreeUnlessPriced() {
        assertThat(deployment("hosted_vllm/x", "", "").price()).contains(Price.FREE);
        assertThat(deployment("hosted_vllm/x", ", output_cost_per_token: 1e-6", "")
                        .price())
                .contains(Price.ofText(0, 1_000_000));
    }
}
