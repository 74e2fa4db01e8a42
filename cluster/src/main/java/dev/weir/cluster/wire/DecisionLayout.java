package dev.weir.cluster.wire;

import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.Standing;
import java.util.List;

/** A {@link Decision}: a byte for what it is, then its components in their order. Codes are never used again. */
final class DecisionLayout {

    private static final int GRANTED = 1;
    private static final int UNKNOWN_KEY = 2;
    private static final int BLOCKED = 3;
    private static final int EXPIRED = 4;
    private static final int MODEL_DENIED = 5;
    private static final int TYPE_DENIED = 6;
    private static final int UNPRICED = 7;
    private static final int EXCEEDED = 8;
    private static final int UNAVAILABLE = 9;
    private static final int CROWDED = 10;

    private static final List<Standing.Scope> SCOPES = List.of(Standing.Scope.values());
    private static final List<LimitId.Kind> KINDS = List.of(LimitId.Kind.values());
    private static final List<LimitId.Unit> UNITS = List.of(LimitId.Unit.values());

    private DecisionLayout() {}

    static void write(Output out, Decision decision) {
        switch (decision) {
            case Decision.Granted granted -> {
                out.code(GRANTED);
                CallSerializer.hold(out, granted.hold());
                out.number(granted.epoch());
                out.text(granted.meter());
                KeyLayout.write(out, granted.key());
                out.optional(granted.organizationId(), Output::text);
                out.number(granted.spentNanoUsd());
                out.list(granted.standings(), DecisionLayout::standing);
                out.list(granted.modelsAbove(), DecisionLayout::models);
            }
            case Decision.UnknownKey unknown -> out.code(UNKNOWN_KEY);
            case Decision.Blocked blocked -> {
                out.code(BLOCKED);
                out.code(code(blocked.scope()));
                out.optional(blocked.account(), Output::text);
            }
            case Decision.Expired expired -> {
                out.code(EXPIRED);
                out.instant(expired.at());
            }
            case Decision.ModelDenied denied -> {
                out.code(MODEL_DENIED);
                out.code(code(denied.scope()));
                out.text(denied.model());
                out.list(denied.allowed(), Output::text);
            }
            case Decision.TypeDenied denied -> {
                out.code(TYPE_DENIED);
                KeyLayout.type(out, denied.type());
            }
            case Decision.Unpriced unpriced -> {
                out.code(UNPRICED);
                out.text(unpriced.model());
            }
            case Decision.Exceeded exceeded -> {
                out.code(EXCEEDED);
                standing(out, exceeded.standing());
                out.number(exceeded.need());
                out.list(exceeded.standings(), DecisionLayout::standing);
            }
            case Decision.Crowded crowded -> {
                out.code(CROWDED);
                out.code(code(crowded.scope()));
                out.optional(crowded.account(), Output::text);
            }
            case Decision.Unavailable unavailable -> {
                out.code(UNAVAILABLE);
                out.text(unavailable.reason());
            }
        }
    }

    static Decision read(Input in) {
        int code = in.code();
        return switch (code) {
            case GRANTED ->
                new Decision.Granted(
                        CallSerializer.hold(in),
                        in.number(),
                        in.text(),
                        KeyLayout.read(in),
                        in.optional(Input::text),
                        in.number(),
                        in.list(DecisionLayout::standing),
                        in.list(DecisionLayout::models));
            case UNKNOWN_KEY -> new Decision.UnknownKey();
            case BLOCKED -> new Decision.Blocked(in.coded(SCOPES, DecisionLayout::code), in.optional(Input::text));
            case EXPIRED -> new Decision.Expired(in.instant());
            case MODEL_DENIED ->
                new Decision.ModelDenied(in.coded(SCOPES, DecisionLayout::code), in.text(), in.list(Input::text));
            case TYPE_DENIED -> new Decision.TypeDenied(KeyLayout.type(in));
            case UNPRICED -> new Decision.Unpriced(in.text());
            case EXCEEDED -> new Decision.Exceeded(standing(in), in.number(), in.list(DecisionLayout::standing));
            case CROWDED -> new Decision.Crowded(in.coded(SCOPES, DecisionLayout::code), in.optional(Input::text));
            case UNAVAILABLE -> new Decision.Unavailable(in.text());
            default -> throw new IllegalArgumentException("a decision of code " + code + ": written by a newer Weir");
        };
    }

    private static void models(Output out, List<String> models) {
        out.list(models, Output::text);
    }

    private static List<String> models(Input in) {
        return in.list(Input::text);
    }

    private static void standing(Output out, Standing standing) {
        out.code(code(standing.scope()));
        out.optional(standing.account(), Output::text);
        out.code(code(standing.id().kind()));
        out.code(code(standing.id().unit()));
        out.optional(standing.id().model(), Output::text);
        out.optional(standing.id().duration(), Output::text);
        out.optional(standing.id().endUser(), Output::text);
        out.number(standing.limit());
        out.number(standing.committed());
        out.number(standing.held());
        out.optional(standing.reset(), Output::instant);
    }

    private static Standing standing(Input in) {
        return new Standing(
                in.coded(SCOPES, DecisionLayout::code),
                in.optional(Input::text),
                new LimitId(
                        in.coded(KINDS, DecisionLayout::code),
                        in.coded(UNITS, DecisionLayout::code),
                        in.optional(Input::text),
                        in.optional(Input::text),
                        in.optional(Input::text)),
                in.number(),
                in.number(),
                in.number(),
                in.optional(Input::instant));
    }

    private static int code(Standing.Scope scope) {
        return switch (scope) {
            case API_KEY -> 1;
            case USER -> 2;
            case TEAM -> 3;
            case ORGANIZATION -> 4;
            case TEAM_MEMBER -> 5;
            case END_USER -> 6;
            case GLOBAL -> 7;
        };
    }

    private static int code(LimitId.Kind kind) {
        return switch (kind) {
            case RATE -> 1;
            case BUDGET -> 2;
            case SLOTS -> 3;
        };
    }

    private static int code(LimitId.Unit unit) {
        return switch (unit) {
            case REQUESTS -> 1;
            case TOKENS -> 2;
            case NANO_USD -> 3;
            case SLOTS -> 4;
        };
    }
}
