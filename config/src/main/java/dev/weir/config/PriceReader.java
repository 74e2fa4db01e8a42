package dev.weir.config;

import dev.weir.config.price.ModelFacts;
import dev.weir.config.price.Price;
import dev.weir.config.price.PriceCatalogue;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds what a deployment's tokens cost: its own prices over the catalogue's. */
final class PriceReader {

    private final NotHonoured notHonoured;

    PriceReader(NotHonoured notHonoured) {
        this.notHonoured = notHonoured;
    }

    ModelFacts read(Value model, Provider provider, String upstreamModel) {
        Value baseModel = model.at("model_info").at("base_model");
        ModelFacts listed = (baseModel.isAbsent() ? listed(provider, upstreamModel) : baseModel(baseModel, provider))
                .orElse(ModelFacts.UNKNOWN);
        if (listed.price().isEmpty() && provider.free() && baseModel.isAbsent()) {
            listed = listed.withPrice(Price.FREE);
        }
        Price price = overridden(model.at("litellm_params"), listed.knownPrice(), provider.free());
        return price == null ? listed : listed.withPrice(price);
    }

    private static Optional<ModelFacts> listed(Provider provider, String model) {
        return Optional.ofNullable(provider.priceName())
                .flatMap(name -> PriceCatalogue.bundled().find(name, model));
    }

    /** {@code azure/gpt-4o} is that provider's, {@code gpt-4o} the deployment's own or, for a private server, OpenAI's. */
    private Optional<ModelFacts> baseModel(Value value, Provider own) {
        String name = value.text();
        int slash = name.indexOf('/');
        Optional<ModelFacts> facts = listed(own, name)
                .or(() -> slash < 0
                        ? Optional.empty()
                        : Provider.named(name.substring(0, slash))
                                .flatMap(each -> listed(each, name.substring(slash + 1))))
                .or(() -> Provider.named("openai").flatMap(openai -> listed(openai, name)));
        if (facts.isEmpty()) {
            notHonoured.add(value, "not in the catalogue, so it names no price");
        }
        return facts;
    }

    /** The prices said, each in its place; what hangs on a price that is said is not taken from the catalogue. */
    private @Nullable Price overridden(Value params, @Nullable Price listed, boolean free) {
        Long input = pico(params.at("input_cost_per_token"));
        Long output = pico(params.at("output_cost_per_token"));
        Long cacheRead = pico(params.at("cache_read_input_token_cost"));
        Long cacheWrite = pico(params.at("cache_creation_input_token_cost"));
        Price base = listed == null && free ? Price.FREE : listed;
        if (base == null && (input == null || output == null)) {
            String reason =
                    "not honoured without input_cost_per_token and output_cost_per_token, the model is unpriced";
            for (String name : new String[] {
                "input_cost_per_token",
                "output_cost_per_token",
                "cache_read_input_token_cost",
                "cache_creation_input_token_cost"
            }) {
                if (!params.at(name).isAbsent()) {
                    notHonoured.add(params.at(name), reason);
                }
            }
            return null;
        }
        Price known = base == null ? Price.FREE : base;
        return new Price(
                or(input, known.input()),
                or(cacheRead, or(input, known.cacheRead())),
                or(cacheWrite, or(input, known.cacheWrite())),
                or(output, known.output()),
                or(output, known.reasoning()));
    }

    private static long or(@Nullable Long said, long otherwise) {
        return said == null ? otherwise : said;
    }

    private static @Nullable Long pico(Value value) {
        return value.isAbsent() ? null : (Long) Price.picoUsd(value.decimal(Price.MAX_USD_PER_TOKEN));
    }
}
