package dev.weir.config;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a virtual key is allowed: declared under {@code weir.keys} or made by the admin API; the names are COMPAT's.
 *
 * <p>A limit that is {@code null} does not exist; a limit of 0 refuses everything.
 *
 * @param alias {@code key_alias}, unique among keys
 * @param models public model names, {@code prefix/*} wildcards or {@code all-proxy-models}; empty allows every model
 * @param userId a label on rows
 * @param teamId a label on rows
 * @param maxBudget per {@code budgetDuration}, or for the key's life where that is null
 * @param rpmLimit requests a minute
 * @param tpmLimit tokens a minute, input and output
 * @param maxParallelRequests calls in flight
 * @param expires from when on the key is refused
 * @param metadata the caller's own JSON object, returned as given
 * @param tags labels on rows
 */
public record KeySettings(
        @Nullable String alias,
        List<String> models,
        @Nullable String userId,
        @Nullable String teamId,
        @Nullable Money maxBudget,
        @Nullable BudgetPeriod budgetDuration,
        @Nullable Long rpmLimit,
        @Nullable Long tpmLimit,
        @Nullable Long maxParallelRequests,
        @Nullable Instant expires,
        KeyType keyType,
        Map<String, Object> metadata,
        List<String> tags,
        boolean blocked) {

    /** Which routes a key opens. */
    public enum KeyType {
        /** LLM routes and reading its own key. */
        DEFAULT,
        /** LLM routes only. */
        LLM_API,
        /** Admin routes only. */
        MANAGEMENT,
        /** Admin routes that change nothing. */
        READ_ONLY;

        /** Whether such a key may call a model. */
        public boolean callsModels() {
            return this == DEFAULT || this == LLM_API;
        }
    }

    public KeySettings {
        models = List.copyOf(models);
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        tags = List.copyOf(tags);
        requireNotNegative("rpm_limit", rpmLimit);
        requireNotNegative("tpm_limit", tpmLimit);
        requireNotNegative("max_parallel_requests", maxParallelRequests);
        if (maxBudget != null && maxBudget.nanoUsd() < 0) {
            throw new IllegalArgumentException("max_budget: " + maxBudget.toUsd() + " (expected: >= 0)");
        }
        if (budgetDuration != null && maxBudget == null) {
            throw new IllegalArgumentException("budget_duration: " + budgetDuration + " (expected: with max_budget)");
        }
    }

    /** A key without any limit, for every model. */
    public static final KeySettings UNLIMITED = new KeySettings(
            null,
            List.of(),
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            KeyType.DEFAULT,
            Map.of(),
            List.of(),
            false);

    /** The same settings under no alias. */
    public KeySettings withoutAlias() {
        return with(null, metadata);
    }

    /** The same settings with another metadata object. */
    public KeySettings withMetadata(Map<String, Object> other) {
        return with(alias, other);
    }

    private KeySettings with(@Nullable String otherAlias, Map<String, Object> otherMetadata) {
        return new KeySettings(
                otherAlias,
                models,
                userId,
                teamId,
                maxBudget,
                budgetDuration,
                rpmLimit,
                tpmLimit,
                maxParallelRequests,
                expires,
                keyType,
                otherMetadata,
                tags,
                blocked);
    }

    private static void requireNotNegative(String name, @Nullable Long value) {
        if (value != null && value < 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0)");
        }
    }
}
