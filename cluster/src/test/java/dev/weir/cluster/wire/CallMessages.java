package dev.weir.cluster.wire;

import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Standing;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limit;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** Messages of calls, usual and extreme ones. */
final class CallMessages {

    private static final HoldId HOLD = new HoldId(7, 1_234_567);
    private static final HoldId FARTHEST = new HoldId(Long.MIN_VALUE, -1);
    private static final Need NEED = Need.ofCall(1_500, 2_250_000, true);
    private static final Need MOST = new Need(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, false);
    private static final String ODD = "gpt\u00e9-\u6a21\u578b-\ud83d\ude00-\ud800-\u0000";
    private static final LimitId TPM = new LimitId(LimitId.Kind.RATE, LimitId.Unit.TOKENS, null, "60s");
    private static final Standing STANDING =
            new Standing(Standing.Scope.TEAM, "t", TPM, 10, 5, 1, Instant.parse("2026-11-20T00:00:00.123Z"));

    static final KeySettings KEY = new KeySettings(
            "ci",
            List.of("gpt-4o", "claude/*"),
            "user",
            "team",
            "organization",
            Limits.NONE
                    .withRpm(60)
                    .withRate(Limit.Of.TOKENS, Long.MAX_VALUE, "1d")
                    .withBudget(new Money(Long.MAX_VALUE), BudgetPeriod.parse("30d"))
                    .withFurtherBudget(Money.ZERO, BudgetPeriod.parse("1mo"))
                    .withModel(new Limit(Limit.Of.MONEY, 5, null, ODD))
                    .withSoftBudget(new Money(3))
                    .withSlots(0),
            new KeySettings.Increase(new Money(7), Instant.parse("2027-01-01T00:00:00Z")),
            Instant.parse("2027-01-01T00:00:00.000000001Z"),
            KeySettings.KeyType.LLM_API,
            metadata(),
            List.of("tag", ODD),
            true);

    private CallMessages() {}

    private static Map<String, Object> metadata() {
        Map<String, @Nullable Object> inner = new HashMap<>();
        inner.put("null", null);
        inner.put("list", Arrays.asList("text", null, List.of(), Map.of(ODD, ODD)));
        return Map.of(
                "integer",
                Integer.MIN_VALUE,
                "long",
                1L,
                "big",
                BigInteger.TWO.pow(200).negate(),
                "double",
                -0.0,
                "decimal",
                new BigDecimal(BigInteger.TEN, Integer.MIN_VALUE),
                "true",
                true,
                "false",
                false,
                "inner",
                inner);
    }

    /** An object in an object, so many of them. */
    static Map<String, Object> nested(int depth) {
        Map<String, Object> object = Map.of();
        for (int i = 1; i < depth; i++) {
            object = Map.of("in", object);
        }
        return object;
    }

    static Stream<Decision> decisions() {
        List<Decision> decisions = new ArrayList<>(List.of(
                new Decision.Granted(HOLD, 3, "k", KEY, "o", 4, standings()),
                new Decision.Granted(
                        HOLD, 3, "k", KEY, "o", 4, List.of(), List.of(List.of(), List.of(ODD, "x".repeat(5_000)))),
                new Decision.Granted(FARTHEST, -1, ODD, KeySettings.UNLIMITED, null, Long.MIN_VALUE, List.of()),
                new Decision.UnknownKey(),
                new Decision.Blocked(Standing.Scope.API_KEY, null),
                new Decision.Blocked(Standing.Scope.TEAM, ODD),
                new Decision.Expired(Instant.EPOCH),
                new Decision.Expired(Instant.MIN),
                new Decision.Expired(Instant.MAX),
                new Decision.ModelDenied(Standing.Scope.ORGANIZATION, ODD, List.of("", ODD, "x".repeat(5_000))),
                new Decision.Unpriced("gpt-4o"),
                new Decision.Exceeded(STANDING, Long.MAX_VALUE, standings()),
                new Decision.Crowded(Standing.Scope.API_KEY, null),
                new Decision.Crowded(Standing.Scope.TEAM, ODD),
                new Decision.Unavailable("")));
        for (KeySettings.KeyType type : KeySettings.KeyType.values()) {
            decisions.add(new Decision.TypeDenied(type));
        }
        for (BudgetPeriod.Unit unit : BudgetPeriod.Unit.values()) {
            decisions.add(new Decision.Granted(HOLD, 0, "k", budgeted(unit), null, 0, List.of(STANDING)));
        }
        return decisions.stream();
    }

    private static KeySettings budgeted(BudgetPeriod.Unit unit) {
        return KeySettings.UNLIMITED
                .withLimits(Limits.NONE
                        .withTpm(Long.MAX_VALUE)
                        .withBudget(Money.ZERO, new BudgetPeriod(Integer.MAX_VALUE, unit)))
                .withMetadata(Collections.singletonMap("", ""));
    }

    private static List<Standing> standings() {
        List<Standing> standings = new ArrayList<>();
        for (Standing.Scope scope : Standing.Scope.values()) {
            for (LimitId.Kind kind : LimitId.Kind.values()) {
                for (LimitId.Unit unit : LimitId.Unit.values()) {
                    LimitId id = new LimitId(kind, unit, null, null);
                    LimitId odd = new LimitId(kind, unit, ODD, "1d");
                    standings.add(new Standing(scope, null, id, Long.MAX_VALUE, 0, -1, null));
                    standings.add(new Standing(scope, ODD, odd, 1, Long.MIN_VALUE, 2, Instant.ofEpochMilli(-1)));
                }
            }
        }
        return standings;
    }

    static List<Object> all(ActorRef<Decided> decisions, ActorRef<Ack> acks) {
        Stream<Object> others = Stream.of(
                new Meter.Reserve(HOLD, "hash", "gpt-4o", NEED, null, 1_795_000_000_000L, decisions),
                new Meter.Reserve(FARTHEST, "", ODD, MOST, ODD, Long.MIN_VALUE, decisions),
                new Meter.Settle(HOLD, 3, "gpt-4o", "u-1", NEED, Need.NONE, true, acks),
                new Meter.Settle(FARTHEST, Long.MIN_VALUE, "", null, MOST, NEED, false, acks),
                new Ack(HOLD),
                new Ack(FARTHEST),
                new Ack(new HoldId(Long.MAX_VALUE, 127)));
        return Stream.concat(others, decisions().map(decision -> new Decided(HOLD, decision)))
                .toList();
    }
}
