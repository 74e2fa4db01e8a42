package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.KeyFields.Invalid;
import dev.weir.config.KeyFields.Valid;
import dev.weir.config.KeySettings.KeyType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyFieldsTest {

    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

    private static KeySettings parse(Map<String, ?> json) {
        KeyFields.Outcome outcome = KeyFields.parse(json, NOW);
        assertThat(outcome).isInstanceOf(Valid.class);
        return ((Valid) outcome).settings();
    }

    private static KeySettings merge(KeySettings old, Map<String, ?> patch) {
        KeyFields.Outcome outcome = KeyFields.merge(old, patch, NOW);
        assertThat(outcome).isInstanceOf(Valid.class);
        return ((Valid) outcome).settings();
    }

    private static List<String> problems(Map<String, ?> json) {
        return switch (KeyFields.parse(json, NOW)) {
            case Valid ignored -> List.of();
            case Invalid invalid ->
                invalid.problems().stream().map(Problem::toString).toList();
        };
    }

    /** A JSON object with a null in it. */
    private static Map<String, @Nullable Object> cleared(String... names) {
        Map<String, @Nullable Object> patch = new HashMap<>();
        Arrays.stream(names).forEach(name -> patch.put(name, null));
        return patch;
    }

    private static final Map<String, Object> EVERYTHING = Map.ofEntries(
            Map.entry("key", "sk-own"),
            Map.entry("key_alias", "a"),
            Map.entry("models", List.of("gpt-4o", "openai/*", "all-proxy-models")),
            Map.entry("user_id", "u"),
            Map.entry("team_id", "t"),
            Map.entry("organization_id", "o"),
            Map.entry("max_budget", 0.048),
            Map.entry("budget_duration", "30d"),
            Map.entry("budget_limits", List.of(Map.of("budget_duration", "1d", "max_budget", 1))),
            Map.entry("soft_budget", 0.5),
            Map.entry("temp_budget_increase", 2),
            Map.entry("temp_budget_expiry", "2026-03-01T00:00:00Z"),
            Map.entry("rps_limit", 1),
            Map.entry("rpm_limit", 3),
            Map.entry("tpm_limit", Long.MAX_VALUE),
            Map.entry("tpd_limit", 9),
            Map.entry("model_rpm_limit", Map.of("gpt-4o", 7)),
            Map.entry("model_tpm_limit", Map.of("gpt-4o", 8)),
            Map.entry("model_max_budget", Map.of("gpt-4o", Map.of("budget_limit", "0.1", "time_period", "1w"))),
            Map.entry("max_parallel_requests", 0),
            Map.entry("duration", "1mo"),
            Map.entry("key_type", "read_only"),
            Map.entry("metadata", Map.of("a", Map.of("b", 1))),
            Map.entry("tags", List.of("x")),
            Map.entry("blocked", true));

    @Test
    void everyFieldIsRead() {
        KeySettings settings = parse(EVERYTHING);

        assertThat(settings)
                .isEqualTo(new KeySettings(
                        "a",
                        List.of("gpt-4o", "openai/*", "all-proxy-models"),
                        "u",
                        "t",
                        "o",
                        Limits.NONE
                                .withRate(Limit.Of.REQUESTS, 1, "1s")
                                .withRpm(3)
                                .withTpm(Long.MAX_VALUE)
                                .withRate(Limit.Of.TOKENS, 9, "1d")
                                .withBudget(new Money(48_000_000), BudgetPeriod.parse("30d"))
                                .withFurtherBudget(new Money(1_000_000_000), BudgetPeriod.parse("1d"))
                                .withModel(new Limit(Limit.Of.REQUESTS, 7, BudgetPeriod.parse("60s"), "gpt-4o"))
                                .withModel(new Limit(Limit.Of.TOKENS, 8, BudgetPeriod.parse("60s"), "gpt-4o"))
                                .withModel(new Limit(Limit.Of.MONEY, 100_000_000, BudgetPeriod.parse("1w"), "gpt-4o"))
                                .withSoftBudget(new Money(500_000_000))
                                .withSlots(0),
                        new KeySettings.Increase(new Money(2_000_000_000), Instant.parse("2026-03-01T00:00:00Z")),
                        Instant.parse("2026-02-28T12:00:00Z"),
                        KeyType.READ_ONLY,
                        Map.of("a", Map.of("b", 1)),
                        List.of("x"),
                        true));
    }

    @Test
    void noFieldIsNoLimit() {
        KeySettings settings = parse(Map.of());

        assertThat(settings.limits()).isEqualTo(Limits.NONE);
        assertThat(settings.models()).isEmpty();
        assertThat(settings.keyType()).isEqualTo(KeyType.DEFAULT);
        assertThat(settings.blocked()).isFalse();
    }

    @Test
    void whatIsRenderedReadsBackAsItWas() {
        KeySettings settings = parse(EVERYTHING);

        assertThat(parse(KeyFields.render(settings))).isEqualTo(settings);
        assertThat(KeyFields.render(settings))
                .containsEntry("max_budget", new BigDecimal("0.048"))
                .containsEntry("budget_duration", "30d")
                .containsEntry("expires", "2026-02-28T12:00:00Z")
                .containsEntry("key_type", "read_only");
        assertThat(KeyFields.render(parse(Map.of("max_budget", 100))).get("max_budget"))
                .hasToString("100");
    }

    @Property
    void limitsAreKeptToTheLastUnit(
            @ForAll @LongRange(min = 0) long limit,
            @ForAll @LongRange(min = 0, max = 9_000_000_000_000_000_000L) long nano) {
        KeySettings settings = parse(Map.of("tpm_limit", limit, "max_budget", new Money(nano).toUsd()));

        assertThat(settings.limits()).isEqualTo(Limits.NONE.withTpm(limit).withBudget(new Money(nano), null));
        assertThat(parse(KeyFields.render(settings))).isEqualTo(settings);
    }

    @Test
    void anUpdateChangesWhatItNames() {
        KeySettings old = parse(EVERYTHING);

        KeySettings updated = merge(old, Map.of("rpm_limit", 9));

        assertThat(updated.limits().rates()).contains(Limit.rate(Limit.Of.REQUESTS, 9, "60s"));
        assertThat(merge(updated, Map.of("rpm_limit", 3))).isEqualTo(old);
    }

    @Test
    void anExplicitNullClears() {
        KeySettings updated = merge(
                parse(EVERYTHING),
                cleared(
                        "rpm_limit",
                        "max_budget",
                        "models",
                        "key_alias",
                        "duration",
                        "metadata",
                        "blocked",
                        "key_type"));

        assertThat(updated.limits().rates()).doesNotContain(Limit.rate(Limit.Of.REQUESTS, 3, "60s"));
        assertThat(updated.limits().budget()).isNull();
        assertThat(updated.increase()).isNull();
        assertThat(updated.models()).isEmpty();
        assertThat(updated.alias()).isNull();
        assertThat(updated.expires()).isNull();
        assertThat(updated.metadata()).isEmpty();
        assertThat(updated.blocked()).isFalse();
        assertThat(updated.keyType()).isEqualTo(KeyType.DEFAULT);
        assertThat(updated.limits().rates()).contains(Limit.rate(Limit.Of.TOKENS, Long.MAX_VALUE, "60s"));
    }

    @Test
    void anAliasHasRoomInAnyStore() {
        assertThat(parse(Map.of("key_alias", "a".repeat(255))).alias()).hasSize(255);

        assertThat(problems(Map.of("key_alias", "a".repeat(256))))
                .singleElement()
                .asString()
                .startsWith("key_alias: ")
                .endsWith(" (expected: at most 255 characters)");
    }

    @Test
    void aWrongFieldIsToldByName() {
        assertThat(problems(Map.of("rpm_limits", 5)))
                .containsExactly("rpm_limits: unknown field (expected: did you mean rpm_limit?)");
        assertThat(problems(Map.of("rpm_limit", "5"))).containsExactly("rpm_limit: \"5\" (expected: an integer >= 0)");
        assertThat(problems(Map.of("rpm_limit", -1))).containsExactly("rpm_limit: -1 (expected: >= 0)");
        assertThat(problems(Map.of("tpm_limit", new BigInteger("9223372036854775808"))))
                .containsExactly("tpm_limit: 9223372036854775808 (expected: <= 9223372036854775807)");
        assertThat(problems(Map.of("tpm_limit", Double.NaN)))
                .containsExactly("tpm_limit: NaN (expected: an integer >= 0)");
        assertThat(problems(Map.of("max_budget", Double.POSITIVE_INFINITY)))
                .containsExactly("max_budget: Infinity (expected: a number >= 0)");
        assertThat(problems(Map.of("max_budget", new BigDecimal("1e999999999"))))
                .containsExactly("max_budget: 1E+999999999 (expected: <= 9000000000)");
        assertThat(problems(Map.of("max_budget", new BigDecimal("1e-999999999"))))
                .containsExactly("max_budget: 1E-999999999 (expected: at most 40 decimal places)");
        assertThat(problems(Map.of("rpm_limit", new BigDecimal("1e-999999999"))))
                .hasSize(1);
        assertThat(problems(Map.of("rpm_limit", 1.5))).containsExactly("rpm_limit: 1.5 (expected: an integer >= 0)");
        assertThat(problems(Map.of("models", "gpt-4o"))).containsExactly("models: \"gpt-4o\" (expected: a list)");
        assertThat(problems(Map.of("models", List.of("gpt-*"))))
                .containsExactly(
                        "models[0]: \"gpt-*\" (expected: a model, prefix/*, all-proxy-models or all-team-models)");
        assertThat(problems(Map.of("models", Collections.singletonList(null)))).hasSize(1);
        assertThat(problems(Map.of("models", List.of("no-default-models")))).hasSize(1);
        assertThat(problems(Map.of("metadata", List.of()))).containsExactly("metadata: a list (expected: an object)");
        assertThat(problems(Map.of("blocked", 1))).containsExactly("blocked: 1 (expected: on or off)");
        assertThat(problems(Map.of("key_type", "root")))
                .containsExactly("key_type: \"root\" (expected: default, llm_api, management, read_only)");
        assertThat(problems(Map.of("duration", 30)))
                .containsExactly("duration: 30 (expected: a duration like 30s, 30m, 30h, 30d, 1w or 1mo)");
        assertThat(problems(Map.of("budget_duration", "30d")))
                .containsExactly("budget_duration: \"30d\" (expected: with max_budget)");
        assertThat(problems(Map.of("expires", "tomorrow"))).hasSize(1);
        assertThat(problems(Map.of("budget_limits", List.of(Map.of("max_budget", 1)))))
                .containsExactly("budget_limits[0].budget_duration: missing (expected: a duration like 30s, 30m, 30h,"
                        + " 30d, 1w or 1mo)");
        assertThat(problems(Map.of("model_rpm_limit", Map.of("gpt-4o", -1))))
                .containsExactly("model_rpm_limit.gpt-4o: -1 (expected: >= 0)");
        assertThat(problems(Map.of("model_max_budget", Map.of("gpt-4o", Map.of("max", 1)))))
                .hasSize(2);
        assertThat(problems(Map.of("max_budget", 1, "temp_budget_increase", 1)))
                .containsExactly("temp_budget_expiry: missing (expected: a time, with temp_budget_increase)");
        assertThat(problems(Map.of("temp_budget_increase", 1, "temp_budget_expiry", "2026-03-01T00:00:00Z")))
                .containsExactly("temp_budget_increase: 1 (expected: with max_budget)");
    }

    @Test
    void everyProblemIsToldAtOnce() {
        assertThat(problems(Map.of("rpm_limit", -1, "tpm_limit", -1, "max_budget", -1)))
                .hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "budget_id",
                "allowed_routes",
                "permissions",
                "guardrails",
                "router_settings",
                "auto_rotate",
                "rotation_interval",
                "aliases",
            })
    void aLimitThatWouldNotBeKeptIsRefusedUnlessItSaysNothing(String field) {
        assertThat(problems(Map.of(field, List.of("x"))))
                .containsExactly(field + ": not enforced by this release (expected: no such field)");
        assertThat(problems(Map.of(field, List.of()))).isEmpty();
        assertThat(problems(Map.of(field, Map.of()))).isEmpty();
        assertThat(problems(cleared(field))).isEmpty();
    }

    @Test
    void aRequestNeverReadsTheEnvironmentOrAFile() {
        assertThat(parse(Map.of("key_alias", "os.environ/PATH")).alias()).isEqualTo("os.environ/PATH");
        assertThat(problems(Map.of("rpm_limit", "os.environ/PATH"))).hasSize(1);
    }
}
