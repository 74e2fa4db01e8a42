package dev.weir.config;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A provider: a stanza of {@code providers.yaml}, where its fields are explained.
 *
 * @param prefix its name in {@code litellm_params.model}
 * @param spoken whether this release speaks its API
 */
public record Provider(
        String prefix,
        @Nullable URI apiBase,
        @Nullable String priceName,
        @Nullable String keyVariable,
        boolean includeUsage,
        boolean free,
        String defaultPath,
        boolean spoken) {

    private static final String RESOURCE = "providers.yaml";
    private static final List<Provider> ALL = load();

    static Optional<Provider> named(String prefix) {
        return ALL.stream().filter(each -> each.prefix.equals(prefix)).findFirst();
    }

    /** The prefixes of the providers that this release speaks to. */
    static List<String> spokenPrefixes() {
        return ALL.stream().filter(Provider::spoken).map(Provider::prefix).toList();
    }

    private static List<Provider> load() {
        try (InputStream stanzas = Objects.requireNonNull(Provider.class.getResourceAsStream(RESOURCE), RESOURCE)) {
            return new YAMLMapper()
                    .readValue(stanzas, new TypeReference<List<Map<String, String>>>() {}).stream()
                            .map(Provider::of)
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Provider of(Map<String, String> stanza) {
        String base = stanza.get("api_base");
        return new Provider(
                Objects.requireNonNull(stanza.get("prefix"), "prefix"),
                base == null ? null : URI.create(base),
                stanza.get("price_name"),
                stanza.get("key_variable"),
                Boolean.parseBoolean(stanza.getOrDefault("include_usage", "true")),
                Boolean.parseBoolean(stanza.getOrDefault("free", "false")),
                stanza.getOrDefault("default_path", ""),
                Boolean.parseBoolean(stanza.getOrDefault("spoken", "true")));
    }
}
