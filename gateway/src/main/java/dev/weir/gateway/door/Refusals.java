package dev.weir.gateway.door;

import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.Standing;
import dev.weir.config.Money;
import dev.weir.gateway.door.Refusal.Kind;
import dev.weir.streams.relay.Failure;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The one place where a room's "no" becomes what a client sees: total over every failure that exists. */
public final class Refusals {

    /** Nobody knows whose window ends next; in seconds. */
    private static final int WAIT_IN_A_CROWD = 60;

    private final Clock clock;

    public Refusals(Clock clock) {
        this.clock = clock;
    }

    /** @param keyHash names the key without giving it away */
    public Refusal of(Decision.Refused refused, String keyHash) {
        return switch (refused) {
            case Decision.UnknownKey unknown ->
                Refusal.of(Kind.UNKNOWN_KEY, "Authentication failed: this key is not known here.");
            case Decision.Blocked blocked ->
                Refusal.of(
                        Kind.BLOCKED,
                        "Authentication failed: this " + who(blocked.scope(), blocked.account()) + " is blocked"
                                + (blocked.account() == null ? "." : " or was deleted."));
            case Decision.Expired expired ->
                Refusal.of(Kind.EXPIRED, "Authentication failed: this key expired at " + expired.at() + ".");
            case Decision.ModelDenied denied -> modelDenied(denied);
            case Decision.TypeDenied denied ->
                new Refusal(
                        Kind.MODEL_DENIED,
                        "This key is of type '" + denied.type().name().toLowerCase(Locale.ROOT)
                                + "', which may not call models.",
                        null,
                        "api_key",
                        null,
                        null,
                        0);
            case Decision.Unpriced unpriced ->
                new Refusal(
                        Kind.UNPRICED,
                        "The model '" + unpriced.model() + "' has no price, and its cost must be known here. Set"
                                + " input_cost_per_token and output_cost_per_token for it.",
                        "model",
                        "api_key",
                        null,
                        null,
                        0);
            case Decision.Exceeded exceeded -> exceeded(exceeded, keyHash);
            case Decision.Crowded crowded ->
                new Refusal(
                        Kind.RATE_LIMITED,
                        "This " + who(crowded.scope(), crowded.account())
                                + " limits each end user, and as many as there"
                                + " is room for are in their windows (weir.meters.end_users). Try again when some have"
                                + " ended.",
                        "user",
                        name(Standing.Scope.END_USER),
                        null,
                        null,
                        WAIT_IN_A_CROWD);
        };
    }

    private static String who(Standing.Scope scope, @Nullable String account) {
        return scope == Standing.Scope.API_KEY
                ? "key"
                : "key's " + name(scope).replace('_', ' ') + " '" + account + "'";
    }

    private static Refusal modelDenied(Decision.ModelDenied denied) {
        Kind kind = switch (denied.scope()) {
            case API_KEY -> Kind.MODEL_DENIED;
            case USER, TEAM_MEMBER -> Kind.USER_MODEL_DENIED;
            case TEAM -> Kind.TEAM_MODEL_DENIED;
            case ORGANIZATION, GLOBAL -> Kind.ORG_MODEL_DENIED;
            case END_USER -> Kind.CUSTOMER_MODEL_DENIED;
        };
        String who = denied.scope() == Standing.Scope.API_KEY
                ? "This key"
                : "This key's " + name(denied.scope()).replace('_', ' ');
        return new Refusal(
                kind,
                who + " may not use the model '" + denied.model() + "'. It may use: " + denied.allowed() + ".",
                "model",
                name(denied.scope()),
                null,
                null,
                0);
    }

    private static String name(Standing.Scope scope) {
        return scope.name().toLowerCase(Locale.ROOT);
    }

    private Refusal exceeded(Decision.Exceeded exceeded, String keyHash) {
        Standing standing = exceeded.standing();
        String scope = name(standing.scope());
        boolean budget = standing.kind() == Standing.LimitKind.BUDGET;
        int wait = exceeded.neverFits() || budget ? 0 : secondsUntil(standing.reset());
        String who = standing.account() == null ? keyHash : standing.account();
        String message = budget ? budget(standing, exceeded, scope) : rate(standing, exceeded, scope, who);
        return new Refusal(
                budget ? Kind.BUDGET_EXCEEDED : Kind.RATE_LIMITED,
                message,
                null,
                scope,
                standing.limit(),
                standing.reset(),
                wait);
    }

    private static String budget(Standing standing, Decision.Exceeded exceeded, String scope) {
        String whose =
                standing.account() == null ? "" : " The limit is the " + scope + "'s, " + standing.account() + ".";
        return "Budget has been exceeded! Current cost: "
                + new Money(standing.committed()).toUsd().toPlainString() + ", Max budget: "
                + new Money(standing.limit()).toUsd().toPlainString() + ". This call may cost up to "
                + new Money(exceeded.need()).toUsd().toPlainString() + "." + ofModel(standing) + whose;
    }

    private static String rate(Standing standing, Decision.Exceeded exceeded, String scope, String who) {
        String kind = standing.kind().name().toLowerCase(Locale.ROOT);
        String text = "Rate limit exceeded for " + scope + ": " + who + ". Limit type: " + kind
                + ". Current limit: " + standing.limit() + ", Remaining: " + standing.remaining() + "."
                + window(standing) + ofModel(standing);
        if (exceeded.neverFits()) {
            return text + " This request needs " + exceeded.need() + ", more than the limit ever has.";
        }
        return standing.reset() == null ? text : text + " Limit resets at: " + standing.reset();
    }

    /** Said where it is not the usual minute. */
    private static String window(Standing standing) {
        String duration = standing.id().duration();
        return duration == null || duration.equals("60s") ? "" : " Window: " + duration + ".";
    }

    private static String ofModel(Standing standing) {
        return standing.id().model() == null ? "" : " Model: " + standing.id().model() + ".";
    }

    private int secondsUntil(@Nullable Instant reset) {
        if (reset == null) {
            return 1;
        }
        long millis = Duration.between(clock.instant(), reset).toMillis();
        return (int) Math.max(1, (millis + 999) / 1000);
    }

    public Refusal of(Failure failure) {
        return switch (failure.kind()) {
            case OVERLOADED ->
                Refusal.of(Kind.OVERLOADED, "All connections to this model's deployments are in use. Try again.", 1);
            case UNREACHABLE -> Refusal.of(Kind.UPSTREAM_ERROR, "The model's provider cannot be reached.");
            case BROKEN, TRUNCATED ->
                Refusal.of(Kind.UPSTREAM_ERROR, "The model's provider broke off before its answer was complete.");
            case MALFORMED, TOO_LARGE ->
                Refusal.of(Kind.UPSTREAM_ERROR, "The model's provider sent something that is not an answer.");
            case IN_BAND, UPSTREAM_ERROR, UPSTREAM_REFUSED ->
                Refusal.of(Kind.UPSTREAM_ERROR, "The model's provider reported an error.");
            case UPSTREAM_AUTH ->
                Refusal.of(Kind.UPSTREAM_AUTH, "The model's provider did not accept the gateway's credential.");
            case UPSTREAM_LIMIT ->
                Refusal.of(
                        Kind.PROVIDER_LIMIT,
                        "The model's provider is limiting the gateway. Try again.",
                        Math.max(1, failure.retryAfterSeconds()));
            case TIMED_OUT -> Refusal.of(Kind.TIMED_OUT, "The model's provider took too long.");
            case NOT_JOURNALLED ->
                Refusal.of(Kind.STORE_DOWN, "The gateway cannot record calls at the moment. Try again.", 1);
            case QUOTA ->
                Refusal.of(Kind.RATE_LIMITED, "A limit of this key has nothing left for the rest of the answer.");
            case NOT_HELD ->
                Refusal.of(
                        Kind.STORE_DOWN, "The key's meter cannot answer, so that no more can be held. Try again.", 1);
            case DRAINING -> Refusal.of(Kind.SHUTTING_DOWN, "The gateway is shutting down. Try again.", 1);
            case CLIENT_LEFT -> Refusal.of(Kind.TOO_SLOW, "The client left.");
        };
    }
}
