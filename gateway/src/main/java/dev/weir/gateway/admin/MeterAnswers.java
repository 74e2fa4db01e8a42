package dev.weir.gateway.admin;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.MeterView;
import dev.weir.actors.meter.Standing;
import dev.weir.config.Metered;
import dev.weir.config.Money;
import dev.weir.config.Problem;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Replies;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/** What an operator is told of a meter, whether it is a key's or an account's. */
final class MeterAnswers {

    private final AdminDesk desk;
    private final String noun;

    /** @param noun what the meters are about, for messages */
    MeterAnswers(AdminDesk desk, String noun) {
        this.desk = desk;
        this.noun = noun;
    }

    CompletionStage<HttpResponse> of(
            Inbound inbound, AdminReply reply, Function<MeterView, Map<String, @Nullable Object>> done) {
        return switch (reply) {
            case AdminReply.Done found ->
                CompletableFuture.completedFuture(Replies.json(200, done.apply(found.meter())));
            case AdminReply.AlreadyExists exists ->
                desk.refuse(inbound, Refusal.of(Refusal.Kind.CONFLICT, "This " + noun + " exists already."));
            case AdminReply.NoSuchKey none ->
                desk.refuse(inbound, Refusal.of(Refusal.Kind.NOT_FOUND, "There is no such " + noun + "."));
            case AdminReply.AliasTaken taken ->
                desk.refuse(
                        inbound,
                        Refusal.malformed("key_alias", "Another " + noun + " has the alias '" + taken.alias() + "'."));
            case AdminReply.NotStorable refused ->
                desk.refuse(
                        inbound,
                        Refusal.malformed(
                                null,
                                "The store does not take this " + noun + " with these settings: one of its texts is too"
                                        + " long, all of them are more than 128 KB, or one has characters that the store does"
                                        + " not know."));
            case AdminReply.Stale stale ->
                desk.refuse(
                        inbound,
                        Refusal.of(
                                Refusal.Kind.CONFLICT, "Somebody else is changing this " + noun + ". Try again.", 1));
            case AdminReply.Unavailable unavailable ->
                desk.refuse(
                        inbound,
                        Refusal.of(
                                Refusal.Kind.STORE_DOWN,
                                "The meter or its store did not answer; a change may or may not have happened. Try again.",
                                1));
        };
    }

    /** What an account or a key has spent, and whether that is more than its soft budget. */
    static void spend(Map<String, @Nullable Object> info, Metered settings, long nanoUsd) {
        info.put("spend", new Money(nanoUsd).toUsd());
        Money soft = settings.limits().softBudget();
        if (soft != null) {
            info.put("soft_budget_passed", nanoUsd > soft.nanoUsd());
        }
    }

    static Refusal problems(List<Problem> problems) {
        String text = problems.stream().map(Problem::toString).collect(Collectors.joining("; "));
        return Refusal.malformed(problems.getFirst().path(), text);
    }

    /** Every limit of the chain, as {@code limits} shows them. */
    static List<Map<String, @Nullable Object>> limits(List<Standing> standings) {
        return standings.stream().map(MeterAnswers::limit).toList();
    }

    private static Map<String, @Nullable Object> limit(Standing standing) {
        Map<String, @Nullable Object> limit = new LinkedHashMap<>();
        limit.put("scope", standing.scope().name().toLowerCase(Locale.ROOT));
        if (standing.account() != null) {
            limit.put("id", standing.account());
        }
        limit.put("limit_type", standing.kind().name().toLowerCase(Locale.ROOT));
        if (standing.id().model() != null) {
            limit.put("model", standing.id().model());
        }
        limit.put("window", standing.id().duration());
        limit.put("limit", figure(standing, standing.limit()));
        limit.put("committed", figure(standing, standing.committed()));
        limit.put("held", figure(standing, standing.held()));
        limit.put("remaining", figure(standing, standing.remaining()));
        limit.put("reset", standing.reset() == null ? null : standing.reset().toString());
        return limit;
    }

    private static Object figure(Standing standing, long value) {
        return standing.kind() == Standing.LimitKind.BUDGET ? new Money(value).toUsd() : (Object) value;
    }
}
