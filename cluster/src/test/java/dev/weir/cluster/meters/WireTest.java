package dev.weir.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.actors.Wire;
import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Allotted;
import dev.weir.actors.meter.Answer;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.EndUserPolicy;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.MeterView;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Reopened;
import dev.weir.actors.meter.Standing;
import dev.weir.actors.meter.ToppedUp;
import dev.weir.actors.meter.Want;
import dev.weir.cluster.nodes.Neighbours;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limit;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class WireTest {

    private static final HoldId HOLD = new HoldId(7, 8);
    private static final Need NEED = new Need(1, 20, 30, 1, false);
    private static final LimitId TPM = new LimitId(LimitId.Kind.RATE, LimitId.Unit.TOKENS, null, "60s");
    private static final Standing STANDING =
            new Standing(Standing.Scope.TEAM, "t", TPM, 10, 5, 1, Instant.parse("2026-11-20T00:00:00.123Z"));
    private static final Limits LIMITS = Limits.NONE
            .withRpm(10)
            .withBudget(new Money(Long.MAX_VALUE), BudgetPeriod.parse("30d"))
            .withModel(new Limit(Limit.Of.MONEY, 5, null, "gpt"))
            .withSoftBudget(new Money(3))
            .withEndUsers(Limits.NONE.withRpm(3).withBudget(new Money(4), BudgetPeriod.parse("1d")))
            .withSlots(1);
    private static final KeySettings KEY = new KeySettings(
            "ci",
            List.of("gpt"),
            null,
            "team",
            "o",
            LIMITS,
            new KeySettings.Increase(new Money(1), Instant.EPOCH),
            Instant.EPOCH,
            KeySettings.KeyType.LLM_API,
            Map.of("a", 1, "b", Map.of("c", List.of("d"))),
            List.of("tag"),
            false);
    private static final AccountId ACCOUNT = AccountId.team("t");
    private static final AccountSettings TEAM = AccountSettings.unlimited(AccountId.Kind.TEAM)
            .withLimits(LIMITS)
            .withMembers(List.of(new AccountSettings.Member("ann", "admin")));
    private static final MeterView VIEW = new MeterView("k", KEY, 1, 2, 3, 4, List.of(STANDING));

    private final ActorTestKit kit = ActorTestKit.create(Node.config(ConfigFactory.empty()));

    @AfterAll
    void close() {
        kit.shutdownTestKit();
    }

    private List<Wire> samples() {
        var decisions = kit.createTestProbe(Decided.class).getRef();
        var replies = kit.createTestProbe(AdminReply.class).getRef();
        var acks = kit.createTestProbe(Ack.class).getRef();
        var keeper = kit.createTestProbe(Keeper.Command.class).getRef();
        var meter = kit.createTestProbe(Meter.Command.class).getRef();
        var neighbour = kit.createTestProbe(Neighbours.Command.class).getRef();
        Neighbours.Card card = new Neighbours.Card(7, Long.MIN_VALUE, "127.0.0.1:7355", true, keeper);
        Want want = new Want(
                ACCOUNT,
                7,
                4,
                1,
                new EndUserPolicy(3, Limits.NONE.withRpm(4).withSlots(5)),
                List.of(new Want.Line(TPM, 1, 2, 3, 4, 5, 6, 7, 8, Map.of(3L, 4L))),
                keeper);
        return List.of(
                new Meter.Reserve(HOLD, "hash", "gpt", NEED, "bob", 99, decisions),
                new Meter.TopUp(
                        HOLD,
                        3,
                        2,
                        "gpt",
                        "bob",
                        NEED,
                        99,
                        kit.createTestProbe(ToppedUp.class).getRef()),
                new ToppedUp(HOLD, 2, new Decision.UnknownKey()),
                new Meter.Settle(HOLD, 3, "gpt-4o", "u-1", NEED, Need.NONE, true, acks),
                new Meter.Reopen(
                        HOLD,
                        3,
                        "gpt",
                        "bob",
                        1,
                        kit.createTestProbe(Reopened.class).getRef()),
                new Reopened(HOLD),
                new Meter.Owned(7, true),
                new Meter.Create(KEY, "ab", replies),
                new Meter.Update(KEY, 3, replies),
                new Meter.SetBlocked(true, replies),
                new Meter.Delete(replies),
                new Meter.Inspect(replies),
                new Meter.Rotate("hash", 5, replies),
                new Meter.ResetSpend(5, replies),
                new Meter.Heard(7, 3, want),
                want,
                new Keeper.Changed(ACCOUNT, 1, 2, 3, TEAM, meter),
                new Keeper.Deleted(ACCOUNT, 1, 3, meter),
                new Keeper.Made("k", 1, meter),
                new Keeper.Rotated("hash", "k", 1, meter),
                new Keeper.Report(ACCOUNT, 1, meter),
                new Keeper.Recall(ACCOUNT, List.of(TPM), 1, meter),
                new Keeper.Has("k", meter),
                new Keeper.Forward(want),
                new Neighbours.Hello(card, neighbour),
                new Neighbours.Welcome(card, neighbour),
                new Neighbours.SayCalls(7, neighbour),
                new Neighbours.CallsSaid(7, 8),
                new Neighbours.Ping(neighbour),
                new Neighbours.Pong(8, true),
                new Neighbours.Leaving(8),
                new Allotted(
                        ACCOUNT,
                        4,
                        new Allotted.Granted(
                                1,
                                2,
                                TEAM,
                                List.of(new Allotted.Line(
                                        TPM, 1, 2, 3, 4, 5, 6, 7, 8, 9, Map.of(10L, 11L), true, true, true)))),
                new Allotted(ACCOUNT, 4, new Allotted.Absent()),
                new Allotted(ACCOUNT, 4, new Allotted.Unavailable("why")),
                Meter.Stop.INSTANCE,
                new Ack(HOLD),
                new Decided(HOLD, new Decision.Granted(HOLD, 3, "k", KEY, "o", 4, List.of(STANDING))),
                new Decided(HOLD, new Decision.Exceeded(STANDING, 6, List.of(STANDING))),
                new Decided(HOLD, new Decision.UnknownKey()),
                new Decision.Granted(
                        HOLD, 3, "k", KEY, "o", 4, List.of(STANDING), List.of(List.of("gpt"), List.of("*"))),
                new Decision.UnknownKey(),
                new Decision.Crowded(Standing.Scope.TEAM, "t"),
                new Decision.Blocked(Standing.Scope.TEAM, "t"),
                new Decision.Expired(Instant.EPOCH),
                new Decision.ModelDenied(Standing.Scope.API_KEY, "gpt", List.of("claude")),
                new Decision.TypeDenied(KeySettings.KeyType.MANAGEMENT),
                new Decision.Unpriced("gpt"),
                new Decision.Exceeded(STANDING, 6, List.of(STANDING)),
                new Decision.Unavailable("why"),
                new AdminReply.Done(VIEW),
                new AdminReply.AlreadyExists(),
                new AdminReply.NoSuchKey(),
                new AdminReply.AliasTaken("ci"),
                new AdminReply.NotStorable(),
                new AdminReply.Stale(3),
                new AdminReply.Unavailable("why"));
    }

    @Test
    void everyMessageComesAcrossAsItWas() {
        for (Wire sample : samples()) {
            kit.serializationTestKit().verifySerialization(sample, true);
        }
    }

    @Test
    void everyMessageThatMayCrossHasASample() {
        List<Class<?>> sampled =
                samples().stream().<Class<?>>map(Object::getClass).toList();

        List<Class<?>> crossing = Stream.of(
                        Meter.Command.class,
                        Keeper.Command.class,
                        Neighbours.Command.class,
                        Answer.class,
                        Decision.class,
                        AdminReply.class)
                .flatMap(WireTest::leaves)
                .filter(Wire.class::isAssignableFrom)
                .toList();

        assertThat(sampled).containsAll(crossing);
    }

    private static Stream<Class<?>> leaves(Class<?> type) {
        Class<?>[] permitted = type.getPermittedSubclasses();
        return permitted == null ? Stream.of(type) : Stream.of(permitted).flatMap(WireTest::leaves);
    }
}
