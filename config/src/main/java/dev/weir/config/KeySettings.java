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
 * @param alias {@code key_alias}, unique among keys
 * @param userId a label on rows, and the user account whose limits hold where there is one
 * @param teamId a label on rows, and the team account whose limits hold where there is one
 * @param organizationId the same; a team's organization holds for its keys anyway
 * @param increase of the budget, for some time
 * @param expires from when on the key is refused
 * @param tags labels on rows
 */
public record KeySettings(
        @Nullable String alias,
        List<String> models,
        @Nullable String userId,
        @Nullable String teamId,
        @Nullable String organizationId,
        Limits limits,
        @Nullable Increase increase,
        @Nullable Instant expires,
        KeyType keyType,
        Map<String, Object> metadata,
        List<String> tags,
        boolean blocked)
        implements Metered {

    /**
     * {@code temp_budget_increase}: so much more than {@code max_budget}.
     *
     * @param until {@code temp_budget_expiry}
     */
    public record Increase(Money amount, Instant until) {}

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
    }

    /** A key without any limit, for every model. */
    public static final KeySettings UNLIMITED = new KeySettings(
            null, List.of(), null, null, null, Limits.NONE, null, null, KeyType.DEFAULT, Map.of(), List.of(), false);

    /** The same settings under no alias. */
    public KeySettings withoutAlias() {
        return with(null, models, limits, expires, metadata, blocked);
    }

    public KeySettings withAlias(@Nullable String other) {
        return with(other, models, limits, expires, metadata, blocked);
    }

    public KeySettings withModels(List<String> other) {
        return with(alias, other, limits, expires, metadata, blocked);
    }

    public KeySettings withLimits(Limits other) {
        return with(alias, models, other, expires, metadata, blocked);
    }

    public KeySettings withExpires(@Nullable Instant other) {
        return with(alias, models, limits, other, metadata, blocked);
    }

    /** The same settings with another metadata object. */
    public KeySettings withMetadata(Map<String, Object> other) {
        return with(alias, models, limits, expires, other, blocked);
    }

    @Override
    public KeySettings withBlocked(boolean other) {
        return with(alias, models, limits, expires, metadata, other);
    }

    private KeySettings with(
            @Nullable String otherAlias,
            List<String> otherModels,
            Limits otherLimits,
            @Nullable Instant otherExpires,
            Map<String, Object> otherMetadata,
            boolean otherBlocked) {
        return new KeySettings(
                otherAlias,
                otherModels,
                userId,
                teamId,
                organizationId,
                otherLimits,
                increase,
                otherExpires,
                keyType,
                otherMetadata,
                tags,
                otherBlocked);
    }

    /** The same settings below other accounts. */
    public KeySettings of(@Nullable String user, @Nullable String team, @Nullable String organization) {
        return new KeySettings(
                alias, models, user, team, organization, limits, increase, expires, keyType, metadata, tags, blocked);
    }
}
