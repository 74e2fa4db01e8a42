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
            Map.entry("max_budget", 0.048),
            Map.entry("budget_duration", "30d"),
            Map.entry("rpm_limit", 3),
            Map.entry("tpm_limit", Long.MAX_VALUE),
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
                        new Money(48_000_000),
                        new BudgetPeriod(30, BudgetPeriod.Unit.DAYS),
                        3L,
                        Long.MAX_VALUE,
                        0L,
                        Instant.parse("2026-02-28T12:00:00Z"),
                        KeyType.READ_ONLY,
                        Map.of("a", Map.of("b", 1)),
                        List.of("x"),
                        true));
    }

    @Test
    void noFieldIsNoLimit() {
        KeySettings settings = parse(Map.of());

        assertThat(settings.maxBudget()).isNull();
        assertThat(settings.rpmLimit()).isNull();
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

        assertThat(settings.tpmLimit()).isEqualTo(limit);
        assertThat(settings.maxBudget()).isEqualTo(new Money(nano));
        assertThat(parse(KeyFields.render(settings))).isEqualTo(settings);
    }

    @Test
    void anUpdateChangesWhatItNames() {
        KeySettings old = parse(EVERYTHING);

        KeySettings updated = merge(old, Map.of("rpm_limit", 9));

        assertThat(updated.rpmLimit()).isEqualTo(9);
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

        assertThat(updated.rpmLimit()).isNull();
        assertThat(updated.maxBudget()).isNull();
        assertThat(updated.budgetDuration()).isNull();
        assertThat(updated.models()).isEmpty();
        assertThat(updated.alias()).isNull();
        assertThat(updated.expires()).isNull();
        assertThat(updated.metadata()).isEmpty();
        assertThat(updated.blocked()).isFalse();
        assertThat(updated.keyType()).isEqualTo(KeyType.DEFAULT);
        assertThat(updated.tpmLimit()).isEqualTo(Long.MAX_VALUE);
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
                .containsExactly("models[0]: \"gpt-*\" (expected: a model, prefix/* or all-proxy-models)");
        assertThat(problems(Map.of("models", Collections.singletonList(null)))).hasSize(1);
        assertThat(problems(Map.of("models", List.of("all-team-models")))).hasSize(1);
        assertThat(problems(Map.of("metadata", List.of()))).containsExactly("metadata: a list (expected: an object)");
        assertThat(problems(Map.of("blocked", 1))).containsExactly("blocked: 1 (expected: on or off)");
        assertThat(problems(Map.of("key_type", "root")))
                .containsExactly("key_type: \"root\" (expected: default, llm_api, management, read_only)");
        assertThat(problems(Map.of("duration", 30)))
                .containsExactly("duration: 30 (expected: a duration like 30s, 30m, 30h, 30d, 1w or 1mo)");
        assertThat(problems(Map.of("budget_duration", "30d")))
                .containsExactly("budget_duration: \"30d\" (expected: with max_budget)");
        assertThat(problems(Map.of("expires", "tomorrow"))).hasSize(1);
    }

    @Test
    void everyProblemIsToldAtOnce() {
        assertThat(problems(Map.of("rpm_limit", -1, "tpm_limit", -1, "max_budget", -1)))
                .hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "budget_limits",
                "model_rpm_limit",
                "model_tpm_limit",
                "model_max_budget",
                "soft_budget",
                "budget_id",
                "allowed_routes",
                "permissions",
                "guardrails",
                "router_settings",
                "auto_rotate",
                "rotation_interval",
                "aliases",
                "organization_id",
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
