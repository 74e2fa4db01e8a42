package dev.weir.gateway.admin;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.MeterView;
import dev.weir.cluster.ledger.Ledger;
import dev.weir.cluster.meters.Meters;
import dev.weir.config.AccountFields;
import dev.weir.config.AccountId;
import dev.weir.config.AccountId.Kind;
import dev.weir.config.AccountSettings;
import dev.weir.gateway.door.Handler;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.door.Routes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * {@code /team/*}, {@code /user/*}, {@code /organization/*} and {@code /customer/*}: making, changing, blocking, deleting
 * and reading the accounts above keys.
 */
public final class AccountRoutes {

    /** What operators make; members of teams have routes of their own, and everything together is configured. */
    public static final List<Kind> KINDS = List.of(Kind.USER, Kind.TEAM, Kind.ORGANIZATION, Kind.CUSTOMER);

    private static final int STALE_TRIES = 5;
    private static final int PAGE = 1_000;

    private final Kind kind;
    private final String noun;
    private final String idField;
    private final AdminDesk desk;
    private final Meters meters;
    private final Ledger ledger;
    private final MeterAnswers answers;

    public AccountRoutes(Kind kind, AdminDesk desk, Meters meters, Ledger ledger) {
        this.kind = kind;
        this.noun = kind.name().toLowerCase(Locale.ROOT);
        this.idField = AccountFields.idField(kind);
        this.desk = desk;
        this.meters = meters;
        this.ledger = ledger;
        this.answers = new MeterAnswers(desk, noun);
    }

    public void addTo(Routes.Builder routes) {
        String at = "/" + noun;
        Handler update = desk.write(this::update);
        Handler delete = desk.write(this::delete);
        routes.at("POST", at + "/new", desk.write(this::create))
                .at("POST", at + "/update", update)
                .at("PATCH", at + "/update", update)
                .at("POST", at + "/delete", delete)
                .at("DELETE", at + "/delete", delete)
                .at("POST", at + "/block", desk.write((inbound, fields) -> block(inbound, fields, true)))
                .at("POST", at + "/unblock", desk.write((inbound, fields) -> block(inbound, fields, false)))
                .at("GET", at + "/info", desk.read(this::info))
                .at("GET", at + "/list", desk.read(this::list));
    }

    private CompletionStage<HttpResponse> create(Inbound inbound, Map<String, Object> fields) {
        Object named = fields.get(idField);
        if (named == null && kind == Kind.CUSTOMER) {
            return desk.refuse(inbound, noName());
        }
        String name = named == null ? UUID.randomUUID().toString() : name(named);
        if (name == null) {
            return desk.refuse(inbound, noName());
        }
        return switch (AccountFields.merge(AccountSettings.unlimited(kind), fields)) {
            case AccountFields.Invalid invalid -> desk.refuse(inbound, MeterAnswers.problems(invalid.problems()));
            case AccountFields.Valid valid ->
                meters.create(new AccountId(kind, name), valid.settings())
                        .thenCompose(reply -> answers.of(inbound, reply, done -> view(name, done)));
        };
    }

    private CompletionStage<HttpResponse> update(Inbound inbound, Map<String, Object> fields) {
        String name = name(fields.get(idField));
        return name == null
                ? desk.refuse(inbound, noName())
                : update(meters, new AccountId(kind, name), old -> AccountFields.merge(old, fields), STALE_TRIES)
                        .thenCompose(result -> result.problems() == null
                                ? answers.of(inbound, result.reply(), done -> view(name, done))
                                : desk.refuse(inbound, result.problems()));
    }

    /** What became of an update: problems, or a meter's reply. */
    record Updated(AdminReply reply, @Nullable Refusal problems) {}

    /** Changes what is there, again and again while others do. */
    static CompletionStage<Updated> update(
            Meters meters, AccountId account, Function<AccountSettings, AccountFields.Outcome> change, int triesLeft) {
        return meters.inspect(account).thenCompose(reply -> {
            if (!(reply instanceof AdminReply.Done found)) {
                return CompletableFuture.completedFuture(new Updated(reply, null));
            }
            return switch (change.apply((AccountSettings) found.meter().settings())) {
                case AccountFields.Invalid invalid ->
                    CompletableFuture.completedFuture(new Updated(reply, MeterAnswers.problems(invalid.problems())));
                case AccountFields.Valid valid ->
                    meters.update(account, valid.settings(), found.meter().version())
                            .thenCompose(updated -> updated instanceof AdminReply.Stale && triesLeft > 0
                                    ? update(meters, account, change, triesLeft - 1)
                                    : CompletableFuture.completedFuture(new Updated(updated, null)));
            };
        });
    }

    private CompletionStage<HttpResponse> block(Inbound inbound, Map<String, Object> fields, boolean blocked) {
        List<String> names = names(fields);
        return names.isEmpty()
                ? desk.refuse(inbound, noName())
                : forEach(inbound, names, 0, name -> meters.block(new AccountId(kind, name), blocked), "blocked");
    }

    private CompletionStage<HttpResponse> delete(Inbound inbound, Map<String, Object> fields) {
        List<String> names = names(fields);
        return names.isEmpty()
                ? desk.refuse(inbound, noName())
                : forEach(inbound, names, 0, name -> meters.delete(new AccountId(kind, name)), "deleted");
    }

    private CompletionStage<HttpResponse> forEach(
            Inbound inbound,
            List<String> names,
            int index,
            Function<String, CompletionStage<AdminReply>> change,
            String done) {
        if (index == names.size()) {
            return CompletableFuture.completedFuture(Replies.json(200, Map.of(done + "_" + noun + "s", names)));
        }
        return change.apply(names.get(index))
                .thenCompose(reply -> reply instanceof AdminReply.Done
                        ? forEach(inbound, names, index + 1, change, done)
                        : answers.of(inbound, reply, view -> Map.of()));
    }

    private CompletionStage<HttpResponse> info(Inbound inbound) {
        String asked = inbound.query(idField)
                .or(() -> inbound.query("end_user_id"))
                .or(() -> inbound.query(noun + "_id"))
                .orElse(null);
        String name = name(asked);
        if (name == null) {
            return desk.refuse(inbound, noName());
        }
        AccountId account = new AccountId(kind, name);
        return meters.inspect(account)
                .thenCompose(reply -> reply instanceof AdminReply.Done done
                        ? desk.blocking(inbound, () -> Replies.json(200, info(account, done.meter())))
                        : answers.of(inbound, reply, view -> Map.of()));
    }

    private Map<String, @Nullable Object> info(AccountId account, MeterView view) {
        Map<String, @Nullable Object> info = view(account.name(), view);
        if (kind != Kind.CUSTOMER) {
            MeterAnswers.spend(info, view.settings(), ledger.spendOf(account.toString()));
        }
        info.put("limits", MeterAnswers.limits(view.standings()));
        if (kind == Kind.ORGANIZATION || kind == Kind.CUSTOMER) {
            return info;
        }
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put(idField, account.name());
        answer.put(noun + "_info", info);
        return answer;
    }

    private CompletionStage<HttpResponse> list(Inbound inbound) {
        return desk.blocking(inbound, () -> {
            List<Map<String, @Nullable Object>> all = new ArrayList<>();
            @Nullable String after = null;
            List<Meters.Listed> page;
            do {
                page = meters.list(kind, after, PAGE).toCompletableFuture().join();
                for (Meters.Listed each : page) {
                    after = each.id();
                    all.add(AccountFields.render(AccountId.parse(each.id()).name(), each.account()));
                }
            } while (page.size() == PAGE);
            return Replies.json(200, all);
        });
    }

    static Map<String, @Nullable Object> view(String name, MeterView view) {
        return AccountFields.render(name, (AccountSettings) view.settings());
    }

    private List<String> names(Map<String, Object> fields) {
        Object many = fields.get(idField + "s");
        Object one = fields.get(idField);
        List<?> given = many instanceof List<?> list ? list : one == null ? List.of() : List.of(one);
        List<String> names = new ArrayList<>();
        for (Object each : given) {
            String name = name(each);
            if (name == null) {
                return List.of();
            }
            names.add(name);
        }
        return names;
    }

    static @Nullable String name(@Nullable Object value) {
        return value instanceof String name
                        && !name.isBlank()
                        && name.length() <= AccountId.LONGEST_NAME
                        && name.chars().noneMatch(Character::isISOControl)
                ? name
                : null;
    }

    private Refusal noName() {
        return Refusal.malformed(
                idField,
                "The field '" + idField + "' must be a text of one line with 1 to " + AccountId.LONGEST_NAME
                        + " characters.");
    }
}
