package dev.weir.gateway.admin;

import dev.weir.actors.meter.AdminReply;
import dev.weir.cluster.meters.Meters;
import dev.weir.config.AccountFields;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.AccountSettings.Member;
import dev.weir.config.Metered;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.door.Routes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * {@code /team/member_*}: who is in a team, and what each may use of it. A member with limits has an account of its own,
 * below the team's.
 */
public final class MemberRoutes {

    private static final String TEAM = "team_id";
    private static final String BUDGET = "max_budget_in_team";
    private static final int STALE_TRIES = 5;

    private final AdminDesk desk;
    private final Meters meters;
    private final MeterAnswers teams;
    private final MeterAnswers members;

    public MemberRoutes(AdminDesk desk, Meters meters) {
        this.desk = desk;
        this.meters = meters;
        this.teams = new MeterAnswers(desk, "team");
        this.members = new MeterAnswers(desk, "team member");
    }

    public void addTo(Routes.Builder routes) {
        routes.at("POST", "/team/member_add", desk.write(this::add))
                .at("POST", "/team/member_update", desk.write(this::update))
                .at("POST", "/team/member_delete", desk.write(this::delete))
                .at("GET", "/team/member_info", desk.read(this::info));
    }

    private CompletionStage<HttpResponse> add(Inbound inbound, Map<String, Object> fields) {
        String team = AccountRoutes.name(fields.get(TEAM));
        if (team == null) {
            return desk.refuse(inbound, noTeam());
        }
        List<Member> added = new ArrayList<>();
        try {
            Object given = fields.get("member");
            for (Object each : given instanceof List<?> list ? list : given == null ? List.of() : List.of(given)) {
                added.add(member(each));
            }
        } catch (IllegalArgumentException malformed) {
            return desk.refuse(inbound, Refusal.malformed("member", String.valueOf(malformed.getMessage())));
        }
        if (added.isEmpty()) {
            return desk.refuse(
                    inbound, Refusal.malformed("member", "The field 'member' must be a member, or a list of them."));
        }
        return AccountRoutes.update(
                        meters,
                        AccountId.team(team),
                        old -> new AccountFields.Valid(old.withMembers(with(old.members(), added))),
                        STALE_TRIES)
                .thenCompose(updated -> updated.reply() instanceof AdminReply.Done
                        ? limit(inbound, team, added, 0, limits(fields), updated.reply())
                        : teams.of(inbound, updated.reply(), done -> Map.of()));
    }

    private static Member member(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException("member: not an object (expected: user_id and role)");
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        map.forEach((name, each) -> fields.put(String.valueOf(name), each));
        return AccountFields.member(fields);
    }

    private static List<Member> with(List<Member> old, List<Member> added) {
        Map<String, Member> all = new LinkedHashMap<>();
        old.forEach(member -> all.put(member.userId(), member));
        added.forEach(member -> all.put(member.userId(), member));
        return List.copyOf(all.values());
    }

    /** What limits a member; the team's own fields are not among them. */
    private static Map<String, Object> limits(Map<String, Object> fields) {
        Map<String, Object> limits = new LinkedHashMap<>(fields);
        limits.remove(TEAM);
        limits.remove("member");
        limits.remove("user_id");
        limits.remove("role");
        if (limits.containsKey(BUDGET)) {
            limits.put("max_budget", limits.remove(BUDGET));
        }
        return limits;
    }

    private CompletionStage<HttpResponse> limit(
            Inbound inbound,
            String team,
            List<Member> added,
            int index,
            Map<String, Object> limits,
            AdminReply teamReply) {
        if (index == added.size()) {
            return teams.of(inbound, teamReply, done -> AccountRoutes.view(team, done));
        }
        return limit(team, added.get(index).userId(), limits)
                .thenCompose(limited -> limited.problems() != null
                        ? desk.refuse(inbound, limited.problems())
                        : limited.reply() instanceof AdminReply.Done
                                ? limit(inbound, team, added, index + 1, limits, teamReply)
                                : members.of(inbound, limited.reply(), done -> Map.of()));
    }

    /** Makes the member's account, or changes it; a member that was removed comes back with nothing but these limits. */
    private CompletionStage<AccountRoutes.Updated> limit(String team, String user, Map<String, Object> limits) {
        AccountId account = AccountId.member(team, user);
        AccountSettings none = AccountSettings.unlimited(AccountId.Kind.MEMBER);
        return switch (AccountFields.merge(none, limits)) {
            case AccountFields.Invalid invalid ->
                CompletableFuture.completedFuture(new AccountRoutes.Updated(
                        new AdminReply.NoSuchKey(), MeterAnswers.problems(invalid.problems())));
            case AccountFields.Valid valid ->
                meters.create(account, valid.settings())
                        .thenCompose(created -> created instanceof AdminReply.AlreadyExists
                                ? AccountRoutes.update(
                                        meters, account, old -> AccountFields.merge(old, limits), STALE_TRIES)
                                : CompletableFuture.completedFuture(new AccountRoutes.Updated(created, null)));
        };
    }

    private CompletionStage<HttpResponse> update(Inbound inbound, Map<String, Object> fields) {
        String team = AccountRoutes.name(fields.get(TEAM));
        String user = AccountRoutes.name(fields.get("user_id"));
        if (team == null || user == null) {
            return desk.refuse(inbound, team == null ? noTeam() : noUser());
        }
        return meters.inspect(AccountId.team(team)).thenCompose(reply -> {
            if (!(reply instanceof AdminReply.Done found)) {
                return teams.of(inbound, reply, done -> Map.of());
            }
            AccountSettings settings = (AccountSettings) found.meter().settings();
            if (settings.members().stream().noneMatch(member -> member.userId().equals(user))) {
                return desk.refuse(inbound, Refusal.of(Refusal.Kind.NOT_FOUND, "There is no such team member."));
            }
            return limit(team, user, limits(fields))
                    .thenCompose(limited -> limited.problems() != null
                            ? desk.refuse(inbound, limited.problems())
                            : members.of(inbound, limited.reply(), done -> view(team, user, done.settings())));
        });
    }

    private static Map<String, @Nullable Object> view(String team, String user, Metered settings) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(TEAM, team);
        fields.putAll(AccountFields.render(user, (AccountSettings) settings));
        fields.put(BUDGET, fields.get("max_budget"));
        return fields;
    }

    private CompletionStage<HttpResponse> delete(Inbound inbound, Map<String, Object> fields) {
        String team = AccountRoutes.name(fields.get(TEAM));
        String user = AccountRoutes.name(fields.get("user_id"));
        if (team == null || user == null) {
            return desk.refuse(inbound, team == null ? noTeam() : noUser());
        }
        return AccountRoutes.update(
                        meters,
                        AccountId.team(team),
                        old -> new AccountFields.Valid(old.withMembers(old.members().stream()
                                .filter(member -> !member.userId().equals(user))
                                .toList())),
                        STALE_TRIES)
                .thenCompose(updated -> updated.reply() instanceof AdminReply.Done
                        ? meters.delete(AccountId.member(team, user))
                                .thenCompose(deleted -> deleted instanceof AdminReply.Unavailable
                                        ? members.of(inbound, deleted, done -> Map.of())
                                        : teams.of(inbound, updated.reply(), done -> AccountRoutes.view(team, done)))
                        : teams.of(inbound, updated.reply(), done -> Map.of()));
    }

    private CompletionStage<HttpResponse> info(Inbound inbound) {
        String team = AccountRoutes.name(inbound.query(TEAM).orElse(null));
        String user = AccountRoutes.name(inbound.query("user_id").orElse(null));
        if (team == null || user == null) {
            return desk.refuse(inbound, team == null ? noTeam() : noUser());
        }
        return meters.inspect(AccountId.member(team, user))
                .thenCompose(reply -> reply instanceof AdminReply.Done done
                        ? CompletableFuture.completedFuture(Replies.json(200, info(team, user, done)))
                        : members.of(inbound, reply, view -> Map.of()));
    }

    private static Map<String, @Nullable Object> info(String team, String user, AdminReply.Done done) {
        Map<String, @Nullable Object> info = view(team, user, done.meter().settings());
        info.put("limits", MeterAnswers.limits(done.meter().standings()));
        return info;
    }

    private static Refusal noTeam() {
        return Refusal.malformed(TEAM, "The field 'team_id' must be the name of a team.");
    }

    private static Refusal noUser() {
        return Refusal.malformed("user_id", "The field 'user_id' must be the name of a user.");
    }
}
