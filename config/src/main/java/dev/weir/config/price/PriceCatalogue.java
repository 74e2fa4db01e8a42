package dev.weir.config.price;

import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The models that Weir knows, by provider and upstream model: public facts, in a table that comes with the product.
 *
 * <p>In that table a price of 0 beside a real one means unknown. An unknown cache price is the input's and an unknown
 * reasoning price the output's; an unknown input or output leaves the model unpriced, except that an embedding model,
 * which has no output, needs no price for it. Zeros throughout are a model that is free.
 */
public final class PriceCatalogue {

    private static final String RESOURCE = "model-facts.csv";
    private static final int MICRO = 6;
    private static final PriceCatalogue BUNDLED = load();

    private record Name(String provider, String model) {}

    private final Map<Name, ModelFacts> models;

    private PriceCatalogue(Map<Name, ModelFacts> models) {
        this.models = Map.copyOf(models);
    }

    /** The table that comes with this release. */
    public static PriceCatalogue bundled() {
        return BUNDLED;
    }

    /**
     * The facts of a model, if it is listed.
     *
     * @param provider the provider by the table's own names, such as {@code togetherai}
     * @param model the name by which the provider knows it
     */
    public Optional<ModelFacts> find(String provider, String model) {
        return Optional.ofNullable(models.get(new Name(provider, model)));
    }

    public int size() {
        return models.size();
    }

    private static PriceCatalogue load() {
        Map<Name, ModelFacts> models = new HashMap<>();
        CsvMapper mapper = new CsvMapper();
        try (InputStream table = Objects.requireNonNull(PriceCatalogue.class.getResourceAsStream(RESOURCE), RESOURCE);
                MappingIterator<Map<String, String>> rows = mapper.readerForMapOf(String.class)
                        .with(CsvSchema.emptySchema().withHeader())
                        .readValues(table)) {
            while (rows.hasNext()) {
                Map<String, String> row = rows.next();
                models.put(new Name(text(row, "provider"), text(row, "model")), facts(row));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new PriceCatalogue(models);
    }

    private static ModelFacts facts(Map<String, String> row) {
        return new ModelFacts(price(row), tokens(row, "context_tokens"), tokens(row, "max_output_tokens"));
    }

    private static long tokens(Map<String, String> row, String column) {
        String tokens = text(row, column);
        return tokens.isEmpty() ? 0 : Long.parseLong(tokens);
    }

    private static @Nullable Price price(Map<String, String> row) {
        long input = pico(row, "input_usd_per_mtok");
        long output = pico(row, "output_usd_per_mtok");
        if (input < 0 || output < 0) {
            return null;
        }
        if (input > 0 && output == 0 && text(row, "model").contains("embed")) {
            return Price.ofText(input, input);
        }
        if ((input == 0) != (output == 0)) {
            return null;
        }
        return new Price(
                input,
                known(pico(row, "cache_read_usd_per_mtok"), input),
                known(pico(row, "cache_write_usd_per_mtok"), input),
                output,
                known(pico(row, "reasoning_usd_per_mtok"), output));
    }

    private static long known(long price, long otherwise) {
        return price > 0 ? price : otherwise;
    }

    /** Dollars per million tokens in pico-dollars per token, -1 where the table says nothing. */
    private static long pico(Map<String, String> row, String column) {
        String usd = text(row, column);
        return usd.isEmpty()
                ? -1
                : new BigDecimal(usd)
                        .movePointRight(MICRO)
                        .setScale(0, RoundingMode.HALF_UP)
                        .longValueExact();
    }

    private static String text(Map<String, String> row, String column) {
        return Objects.requireNonNull(row.get(column), column);
    }
}
