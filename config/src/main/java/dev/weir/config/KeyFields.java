package dev.weir.config;

import dev.weir.config.KeySettings.KeyType;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a virtual key, as {@code weir.keys} and the admin API spell them.
 *
 * <p>A field that is unknown, of the wrong type, or a limit that this release would not enforce is a problem: a key never
 * carries a restriction that nobody keeps.
 */
public final class KeyFields {

    private static final Set<String> KNOWN = new TreeSet<>(Set.of(
            "key",
            "key_alias",
            "models",
            "user_id",
            "team_id",
            "max_budget",
            "budget_duration",
            "rpm_limit",
            "tpm_limit",
            "max_parallel_requests",
            "duration",
            "expires",
            "key_type",
            "metadata",
            "tags",
            "blocked"));

    private static final Set<String> NOT_ENFORCED = Set.of(
            "aliases",
            "organization_id",
            "soft_budget",
            "budget_limits",
            "budget_id",
            "model_max_budget",
            "model_rpm_limit",
            "model_tpm_limit",
            "permissions",
            "allowed_routes",
            "router_settings",
            "guardrails",
            "auto_rotate",
            "rotation_interval",
            "temp_budget_increase",
            "temp_budget_expiry",
            "rpm_limit_type",
            "tpm_limit_type",
            "enforced_params",
            "allowed_cache_controls",
            "allowed_passthrough_routes",
            "prompts",
            "object_permission",
            "config",
            "project_id",
            "agent_id",
            "access_group_ids");

    private static final Set<String> NOT_ENFORCED_MODELS = Set.of("all-team-models", "no-default-models");
    private static final BigDecimal MAX_BUDGET = BigDecimal.valueOf(9_000_000_000L);

    private KeyFields() {}

    /** What became of a document with key fields. */
    public sealed interface Outcome {}

    /** All of it is understood and can be kept. */
    public record Valid(KeySettings settings) implements Outcome {}

    /** Some of it is not; the paths are the fields' names. */
    public record Invalid(List<Problem> problems) implements Outcome {
        public Invalid {
            problems = List.copyOf(problems);
        }
    }

    /**
     * The settings of a new key. {@code key} itself is the caller's business; a null is the same as no field.
     *
     * @param now from when on {@code duration} counts
     */
    public static Outcome parse(Map<String, ?> json, Instant now) {
        return merge(KeySettings.UNLIMITED, json, now);
    }

    /** The settings after an update: a field that is there replaces the old one, a null clears it. */
    public static Outcome merge(KeySettings old, Map<String, ?> patch, Instant now) {
        Reading reading = Reading.ofRequest();
        KeySettings settings = patched(old, new Value(reading, "", patch), now);
        return settings == null ? new Invalid(reading.problems()) : new Valid(settings);
    }

    /** The fields of a key by COMPAT's names, every one of them, with null for a limit that does not exist. */
    public static Map<String, @Nullable Object> render(KeySettings settings) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        Money budget = settings.maxBudget();
        fields.put("key_alias", settings.alias());
        fields.put("models", settings.models());
        fields.put("user_id", settings.userId());
        fields.put("team_id", settings.teamId());
        fields.put("max_budget", budget == null ? null : plain(budget.toUsd()));
        fields.put(
                "budget_duration",
                settings.budgetDuration() == null
                        ? null
                        : settings.budgetDuration().toString());
        fields.put("rpm_limit", settings.rpmLimit());
        fields.put("tpm_limit", settings.tpmLimit());
        fields.put("max_parallel_requests", settings.maxParallelRequests());
        fields.put(
                "expires",
                settings.expires() == null ? null : settings.expires().toString());
        fields.put("key_type", settings.keyType().name().toLowerCase(Locale.ROOT));
        fields.put("metadata", settings.metadata());
        fields.put("tags", settings.tags());
        fields.put("blocked", settings.blocked());
        return fields;
    }

    /** The settings of a declared key, or null and problems. */
    static @Nullable KeySettings read(Value declared, Instant now) {
        return patched(KeySettings.UNLIMITED, declared, now);
    }

    private static @Nullable KeySettings patched(KeySettings old, Value fields, Instant now) {
        int before = fields.reading().problems().size();
        checkNames(fields);
        Money budget = field(fields, "max_budget", old.maxBudget(), KeyFields::money);
        BudgetPeriod kept = budget == null ? null : old.budgetDuration();
        BudgetPeriod period = field(fields, "budget_duration", kept, KeyFields::period);
        if (period != null && budget == null) {
            fields.at("budget_duration").problem("with max_budget");
        }
        String alias = field(fields, "key_alias", old.alias(), Value::text);
        List<String> models = orElse(field(fields, "models", old.models(), KeyFields::models), List.of());
        String userId = field(fields, "user_id", old.userId(), Value::text);
        String teamId = field(fields, "team_id", old.teamId(), Value::text);
        Long rpm = field(fields, "rpm_limit", old.rpmLimit(), KeyFields::limit);
        Long tpm = field(fields, "tpm_limit", old.tpmLimit(), KeyFields::limit);
        Long slots = field(fields, "max_parallel_requests", old.maxParallelRequests(), KeyFields::limit);
        Instant expires = field(fields, "expires", old.expires(), KeyFields::instant);
        expires = field(fields, "duration", expires, value -> after(now, value));
        KeyType type =
                orElse(field(fields, "key_type", old.keyType(), value -> value.oneOf(KeyType.class)), KeyType.DEFAULT);
        Map<String, Object> metadata = orElse(field(fields, "metadata", old.metadata(), KeyFields::object), Map.of());
        List<String> tags = orElse(field(fields, "tags", old.tags(), Value::texts), List.of());
        boolean blocked = orElse(field(fields, "blocked", old.blocked(), KeyFields::truth), false);
        if (fields.reading().problems().size() > before) {
            return null;
        }
        return new KeySettings(
                alias, models, userId, teamId, budget, period, rpm, tpm, slots, expires, type, metadata, tags, blocked);
    }

    private static void checkNames(Value fields) {
        for (String name : fields.keys()) {
            Value value = fields.at(name);
            if (NOT_ENFORCED.contains(name)) {
                if (!value.isEmpty() && !Boolean.FALSE.equals(value.raw())) {
                    value.reading().problem(value.path(), "not enforced by this release", "no such field");
                }
            } else if (!KNOWN.contains(name)) {
                value.reading().problem(value.path(), "unknown field", Nearest.expectation(name, KNOWN));
            }
        }
    }

    private static <T> @Nullable T field(
            Value fields, String name, @Nullable T old, Function<Value, @Nullable T> read) {
        if (!fields.keys().contains(name)) {
            return old;
        }
        Value value = fields.at(name);
        return value.isAbsent() ? null : read.apply(value);
    }

    private static <T> T orElse(@Nullable T value, T otherwise) {
        return Objects.requireNonNullElse(value, otherwise);
    }

    private static Money money(Value value) {
        return Money.ofUsd(value.decimal(MAX_BUDGET));
    }

    private static Long limit(Value value) {
        return value.integer(0, Long.MAX_VALUE);
    }

    private static Boolean truth(Value value) {
        return value.flag();
    }

    private static @Nullable BudgetPeriod period(Value value) {
        String text = value.resolved();
        try {
            if (text != null) {
                return BudgetPeriod.parse(text);
            }
        } catch (IllegalArgumentException e) {
            // told below, with everything else that is no period
        }
        value.problem("a duration like 30s, 30m, 30h, 30d, 1w or 1mo");
        return null;
    }

    /** A lifetime is exact: its days have 24 hours and its months are the calendar's in UTC. */
    private static @Nullable Instant after(Instant now, Value value) {
        BudgetPeriod period = period(value);
        if (period == null) {
            return null;
        }
        long amount = period.amount();
        return switch (period.unit()) {
            case SECONDS -> now.plusSeconds(amount);
            case MINUTES -> now.plus(Duration.ofMinutes(amount));
            case HOURS -> now.plus(Duration.ofHours(amount));
            case DAYS -> now.plus(Duration.ofDays(amount));
            case WEEKS -> now.plus(Duration.ofDays(7 * amount));
            case MONTHS -> now.atOffset(ZoneOffset.UTC).plusMonths(amount).toInstant();
        };
    }

    private static @Nullable Instant instant(Value value) {
        try {
            return Instant.parse(value.text());
        } catch (DateTimeException e) {
            value.problem("a time like 2030-01-01T00:00:00Z");
            return null;
        }
    }

    private static List<String> models(Value list) {
        for (Value item : list.items()) {
            String model = item.text();
            if (NOT_ENFORCED_MODELS.contains(model)) {
                item.problem("a name that this release enforces: a model, prefix/* or all-proxy-models");
            } else if (model.contains("*") && model.indexOf("/*") != model.length() - 2) {
                item.problem("a model, prefix/* or all-proxy-models");
            }
        }
        return list.texts();
    }

    private static @Nullable Map<String, Object> object(Value value) {
        if (value.raw() instanceof Map<?, ?> map) {
            return Value.block(map);
        }
        value.problem("an object");
        return null;
    }

    private static BigDecimal plain(BigDecimal usd) {
        return usd.scale() < 0 ? usd.setScale(0) : usd;
    }
}
