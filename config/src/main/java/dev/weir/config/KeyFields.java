package dev.weir.config;

import static dev.weir.config.LimitFields.field;
import static dev.weir.config.LimitFields.orElse;

import dev.weir.config.KeySettings.KeyType;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a virtual key, as {@code weir.keys} and the admin API spell them.
 *
 * <p>A field that is unknown, of the wrong type, or a limit that this release would not enforce is a problem: a key never
 * carries a restriction that nobody keeps.
 */
public final class KeyFields {

    private static final int LONGEST_ALIAS = 255;

    private static final Set<String> KNOWN = known();

    private static Set<String> known() {
        Set<String> known = new TreeSet<>(Set.of(
                "key",
                "key_alias",
                "models",
                "user_id",
                "team_id",
                "organization_id",
                "temp_budget_increase",
                "temp_budget_expiry",
                "duration",
                "expires",
                "key_type",
                "metadata",
                "tags",
                "blocked"));
        known.addAll(LimitFields.NAMES);
        return known;
    }

    private static final Set<String> NOT_ENFORCED = Set.of(
            "aliases",
            "budget_id",
            "permissions",
            "allowed_routes",
            "router_settings",
            "guardrails",
            "auto_rotate",
            "rotation_interval",
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
        fields.put("key_alias", settings.alias());
        fields.put("models", settings.models());
        fields.put("user_id", settings.userId());
        fields.put("team_id", settings.teamId());
        fields.put("organization_id", settings.organizationId());
        LimitFields.render(settings.limits(), fields);
        KeySettings.Increase increase = settings.increase();
        if (increase != null) {
            fields.put("temp_budget_increase", LimitFields.usd(increase.amount().nanoUsd()));
            fields.put("temp_budget_expiry", increase.until().toString());
        }
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

    /** Of an account that is there or of none; an empty one is none. */
    private static @Nullable String account(Value value) {
        String name = value.text();
        if (name.length() > AccountId.LONGEST_NAME) {
            value.problem("a name of at most " + AccountId.LONGEST_NAME + " characters");
        }
        return name.isEmpty() ? null : name;
    }

    private static @Nullable KeySettings patched(KeySettings old, Value fields, Instant now) {
        int before = fields.reading().problems().size();
        checkNames(fields);
        Limits limits = LimitFields.patched(old.limits(), fields);
        String alias = field(fields, "key_alias", old.alias(), KeyFields::alias);
        List<String> models = orElse(field(fields, "models", old.models(), ModelNames::read), List.of());
        String userId = field(fields, "user_id", old.userId(), KeyFields::account);
        String teamId = field(fields, "team_id", old.teamId(), KeyFields::account);
        String organizationId = field(fields, "organization_id", old.organizationId(), KeyFields::account);
        KeySettings.Increase increase = increase(old, limits, fields);
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
                alias,
                models,
                userId,
                teamId,
                organizationId,
                limits,
                increase,
                expires,
                type,
                metadata,
                tags,
                blocked);
    }

    private static @Nullable String alias(Value value) {
        String alias = value.text();
        if (alias.length() > LONGEST_ALIAS) {
            value.problem("at most " + LONGEST_ALIAS + " characters");
            return null;
        }
        return alias;
    }

    /** An amount needs an end, and a budget that it adds to. */
    private static KeySettings.@Nullable Increase increase(KeySettings old, Limits limits, Value fields) {
        KeySettings.Increase before = limits.budget() == null ? null : old.increase();
        Money amount =
                field(fields, "temp_budget_increase", before == null ? null : before.amount(), LimitFields::money);
        Instant until = field(fields, "temp_budget_expiry", before == null ? null : before.until(), KeyFields::instant);
        if (amount == null) {
            return null;
        }
        if (until == null) {
            fields.at("temp_budget_expiry").problem("a time, with temp_budget_increase");
            return null;
        }
        if (limits.budget() == null) {
            fields.at("temp_budget_increase").problem("with max_budget");
        }
        return new KeySettings.Increase(amount, until);
    }

    private static void checkNames(Value fields) {
        checkNames(fields, KNOWN);
    }

    /** What is misspelt, and what nobody would keep. */
    static void checkNames(Value fields, Set<String> known) {
        for (String name : fields.keys()) {
            Value value = fields.at(name);
            if (NOT_ENFORCED.contains(name)) {
                if (!value.isEmpty() && !Boolean.FALSE.equals(value.raw())) {
                    value.reading().problem(value.path(), "not enforced by this release", "no such field");
                }
            } else if (!known.contains(name)) {
                value.reading().problem(value.path(), "unknown field", Nearest.expectation(name, known));
            }
        }
    }

    static Boolean truth(Value value) {
        return value.flag();
    }

    /** A lifetime is exact: its days have 24 hours and its months are the calendar's in UTC. */
    private static @Nullable Instant after(Instant now, Value value) {
        BudgetPeriod period = LimitFields.period(value);
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

    static @Nullable Map<String, Object> object(Value value) {
        if (value.raw() instanceof Map<?, ?> map) {
            return Value.block(map);
        }
        value.problem("an object");
        return null;
    }
}
