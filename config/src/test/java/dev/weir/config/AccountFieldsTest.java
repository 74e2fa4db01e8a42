package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.config.AccountFields.Invalid;
import dev.weir.config.AccountFields.Valid;
import dev.weir.config.AccountId.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AccountFieldsTest {

    private static final Map<String, Object> TEAM = Map.of(
            "team_id",
            "t",
            "team_alias",
            "The team",
            "organization_id",
            "o",
            "models",
            List.of("gpt-4o"),
            "members_with_roles",
            List.of(Map.of("user_id", "ann", "role", "admin"), Map.of("user_id", "bob")),
            "rpd_limit",
            1000,
            "max_budget",
            5,
            "max_parallel_requests",
            2,
            "metadata",
            Map.of("a", 1));

    private static AccountSettings parse(Kind kind, Map<String, ?> fields) {
        AccountFields.Outcome outcome = AccountFields.merge(AccountSettings.unlimited(kind), fields);
        assertThat(outcome).isInstanceOf(Valid.class);
        return ((Valid) outcome).settings();
    }

    private static List<String> problems(Kind kind, Map<String, ?> fields) {
        return switch (AccountFields.merge(AccountSettings.unlimited(kind), fields)) {
            case Valid valid -> List.of();
            case Invalid invalid ->
                invalid.problems().stream().map(Problem::toString).toList();
        };
    }

    @Test
    void aTeamIsReadWhole() {
        AccountSettings team = parse(Kind.TEAM, TEAM);

        assertThat(team.alias()).isEqualTo("The team");
        assertThat(team.organizationId()).isEqualTo("o");
        assertThat(team.members())
                .containsExactly(new AccountSettings.Member("ann", "admin"), new AccountSettings.Member("bob", "user"));
        assertThat(team.limits())
                .isEqualTo(Limits.NONE
                        .withRate(Limit.Of.REQUESTS, 1000, "1d")
                        .withBudget(new Money(5_000_000_000L), null)
                        .withSlots(2));
    }

    @Test
    void whatIsRenderedReadsBackAsItWas() {
        AccountSettings team = parse(Kind.TEAM, TEAM);

        assertThat(parse(Kind.TEAM, AccountFields.render("t", team))).isEqualTo(team);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void everyKindHasLimits(Kind kind) {
        assertThat(parse(kind, Map.of("rpm_limit", 3)).limits()).isEqualTo(Limits.NONE.withRpm(3));
    }

    @Test
    void aWrongFieldIsToldByName() {
        assertThat(problems(Kind.USER, Map.of("organization_id", "o"))).hasSize(1);
        assertThat(problems(Kind.TEAM, Map.of("rpm_limits", 3)))
                .containsExactly("rpm_limits: unknown field (expected: did you mean rpm_limit?)");
        assertThat(problems(
                        Kind.TEAM,
                        Map.of("members_with_roles", List.of(Map.of("user_id", "a"), Map.of("user_id", "a")))))
                .containsExactly("members_with_roles[1].user_id: \"a\" (expected: each user once)");
    }

    @Test
    void aMemberNeedsAUser() {
        assertThat(AccountFields.member(Map.of("user_id", "ann", "role", "admin")))
                .isEqualTo(new AccountSettings.Member("ann", "admin"));
        assertThatThrownBy(() -> AccountFields.member(Map.of("role", "admin"))).hasMessageContaining("user_id");
        assertThatThrownBy(() -> AccountFields.member(Map.of("user_id", "ann", "role", "king")))
                .hasMessageContaining("admin or user");
    }

    @Test
    void membersOfDifferentTeamsAreDifferentAccounts() {
        assertThat(AccountId.member("a/b", "c")).isNotEqualTo(AccountId.member("a", "b/c"));
        assertThat(AccountId.member("a/b", "c").toString())
                .isNotEqualTo(AccountId.member("a", "b/c").toString());
    }
}
