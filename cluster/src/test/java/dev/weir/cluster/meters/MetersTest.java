package dev.weir.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.KeyDirectory;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.MeterStore;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.ToppedUp;
import dev.weir.config.AccountId;
import dev.weir.config.KeySettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.cluster.sharding.typed.testkit.javadsl.TestEntityRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A probe plays the meter. */
final class MetersTest {

    private static final Need CALL = Need.ofCall(10, 100, true);
    private static final HoldId HOLD = new HoldId(1, 1);
    private static final Decision GRANTED =
            new Decision.Granted(HOLD, 3, "k", KeySettings.UNLIMITED, null, 0, List.of(), List.of());

    private final ActorTestKit kit = ActorTestKit.create(
            ManualTime.config().withFallback(ConfigFactory.parseString("pekko.actor.provider = local")));
    private final ManualTime time = ManualTime.get(kit.system());
    private final TestProbe<Meter.Command> meter = kit.createTestProbe(Meter.Command.class);

    @AfterEach
    void close() {
        kit.shutdownTestKit();
    }

    /** No list is asked for here. */
    private static final class NoStore implements MeterStore {
        @Override
        public CompletionStage<Loaded> load(String id) {
            return CompletableFuture.completedFuture(new Loaded.Absent());
        }

        @Override
        public CompletionStage<WriteResult> write(String id, long expectedRev, MeterState next) {
            return CompletableFuture.completedFuture(WriteResult.CONFLICT);
        }

        @Override
        public CompletionStage<Optional<String>> findByAlias(String alias) {
            return CompletableFuture.completedFuture(Optional.empty());
        }

        @Override
        public CompletionStage<List<MeterState>> list(
                AccountId.@Nullable Kind kind, @Nullable String afterId, int limit) {
            return CompletableFuture.completedFuture(List.of());
        }
    }

    private Meters meters(int mostUnsettled) {
        NodeSettings.Bounds bounds = new NodeSettings.Bounds(
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                mostUnsettled,
                Duration.ofSeconds(5),
                Duration.ZERO,
                Duration.ofSeconds(5),
                "pekko.actor.default-dispatcher");
        KeyDirectory keys = new KeyDirectory();
        keys.exists("k");
        return new Meters(
                kit.system(),
                key -> TestEntityRef.of(Meters.KEYS, key, meter.getRef()),
                account -> TestEntityRef.of(Meters.ACCOUNTS, account.toString(), meter.getRef()),
                keys,
                new LoneMembership(kit.<Keeper.Command>createTestProbe().getRef()),
                new NoStore(),
                bounds);
    }

    @Test
    void aSettlementIsRepeatedUntilItIsAcknowledged() {
        Meters meters = meters(10);
        CompletionStage<Done> settled = meters.settle("k", HOLD, 3, CALL, Need.NONE, false);
        Meter.Settle first = meter.expectMessageClass(Meter.Settle.class);

        time.timePasses(Duration.ofSeconds(1).plus(Correspondence.TICK));

        Meter.Settle second = meter.expectMessageClass(Meter.Settle.class);
        assertThat(second.hold()).isEqualTo(first.hold());
        assertThat(meters.unsettled()).isOne();
        second.replyTo().tell(new Ack(HOLD));
        NodeTest.get(settled);
        assertThat(meters.unsettled()).isZero();
    }

    @Test
    void aReservationThatIsNotAnsweredInTimeIsGivenBack() {
        Meters meters = meters(10);
        CompletionStage<Decision> decision = meters.reserve("k", HOLD, "gpt", CALL, null, Duration.ofSeconds(2));
        Meter.Reserve reserve = meter.expectMessageClass(Meter.Reserve.class);

        time.timePasses(Duration.ofSeconds(2).plus(Correspondence.TICK));

        assertThat(NodeTest.get(decision)).isInstanceOf(Decision.Unavailable.class);
        assertThat(reserve.notAfterEpochMillis()).isEqualTo(2000);
        for (int again = 0; again < 4; again++) {
            meter.expectMessage(reserve);
        }
        Meter.Settle settle = meter.expectMessageClass(Meter.Settle.class);
        assertThat(settle.hold()).isEqualTo(HOLD);
        assertThat(settle.began()).isFalse();
        settle.replyTo().tell(new Ack(HOLD));
    }

    @Test
    void aReservationIsRepeatedUntilItIsAnswered() {
        Meters meters = meters(10);
        CompletionStage<Decision> decision = meters.reserve("k", HOLD, "gpt", CALL, null, Duration.ofSeconds(2));
        Meter.Reserve lost = meter.expectMessageClass(Meter.Reserve.class);

        time.timePasses(Duration.ofMillis(550));

        Meter.Reserve again = meter.expectMessageClass(Meter.Reserve.class);
        assertThat(again).isEqualTo(lost);
        again.replyTo().tell(new Decided(HOLD, GRANTED));
        assertThat(NodeTest.get(decision)).isInstanceOf(Decision.Granted.class);
        time.timePasses(Duration.ofSeconds(2));
        meter.expectNoMessage();
    }

    /** The key was blocked or its secret changed in between: what was granted, and never heard of, is nobody's. */
    @Test
    void whatIsRefusedWhenItIsAskedForAgainIsGivenBackInCaseItWasGrantedBefore() {
        Meters meters = meters(10);
        CompletionStage<Decision> decision = meters.reserve("k", HOLD, "gpt", CALL, null, Duration.ofSeconds(2));
        meter.expectMessageClass(Meter.Reserve.class);
        time.timePasses(Duration.ofMillis(550));
        Meter.Reserve again = meter.expectMessageClass(Meter.Reserve.class);

        again.replyTo().tell(new Decided(HOLD, new Decision.UnknownKey()));

        assertThat(NodeTest.get(decision)).isInstanceOf(Decision.UnknownKey.class);
        Meter.Settle settle = meter.expectMessageClass(Meter.Settle.class);
        assertThat(settle.hold()).isEqualTo(HOLD);
        assertThat(settle.began()).isFalse();
        settle.replyTo().tell(new Ack(HOLD));
    }

    @Test
    void whatIsGrantedOnceMoreAfterTheEndIsGivenBack() {
        Meters meters = meters(10);
        CompletionStage<Decision> decision = meters.reserve("k", HOLD, "gpt", CALL, null, Duration.ofSeconds(2));
        Meter.Reserve reserve = meter.expectMessageClass(Meter.Reserve.class);
        reserve.replyTo().tell(new Decided(HOLD, GRANTED));
        NodeTest.get(decision);
        reserve.replyTo().tell(new Decided(HOLD, GRANTED));
        meter.expectNoMessage(); // the call runs
        CompletionStage<Done> settled = meters.settle("k", HOLD, 3, CALL, CALL, true);
        Meter.Settle settle = meter.expectMessageClass(Meter.Settle.class);
        settle.replyTo().tell(new Ack(HOLD));
        NodeTest.get(settled);

        reserve.replyTo().tell(new Decided(HOLD, GRANTED));

        Meter.Settle stray = meter.expectMessageClass(Meter.Settle.class);
        assertThat(stray.hold()).isEqualTo(HOLD);
        assertThat(stray.epoch()).isEqualTo(3);
        assertThat(stray.began()).isFalse();
        stray.replyTo().tell(new Ack(HOLD));
    }

    @Test
    void whatARunningCallAsksAndItsSettlementSayWhoseItIs() {
        Meters meters = meters(10);
        CompletionStage<Decision> decision = meters.reserve("k", HOLD, "gpt", CALL, "ann", Duration.ofSeconds(2));
        meter.expectMessageClass(Meter.Reserve.class).replyTo().tell(new Decided(HOLD, GRANTED));
        NodeTest.get(decision);

        meters.topUp("k", HOLD, 3, 1, "gpt", Need.ofMore(10, 100, true), Duration.ofSeconds(2));
        meters.settle("k", HOLD, 3, CALL, CALL, true);

        assertThat(meter.expectMessageClass(Meter.TopUp.class).endUser()).isEqualTo("ann");
        Meter.Settle settle = meter.expectMessageClass(Meter.Settle.class);
        assertThat(settle.model()).isEqualTo("gpt");
        assertThat(settle.endUser()).isEqualTo("ann");
        settle.replyTo().tell(new Ack(HOLD));
    }

    @Test
    void aTopUpIsRepeatedUntilItIsAnswered() {
        Meters meters = meters(10);
        CompletionStage<Decision> decision =
                meters.topUp("k", HOLD, 3, 1, "gpt", Need.ofMore(10, 100, true), Duration.ofSeconds(2));
        Meter.TopUp lost = meter.expectMessageClass(Meter.TopUp.class);

        time.timePasses(Duration.ofMillis(550));

        Meter.TopUp again = meter.expectMessageClass(Meter.TopUp.class);
        assertThat(again).isEqualTo(lost);
        again.replyTo().tell(new ToppedUp(HOLD, 1, GRANTED));
        assertThat(NodeTest.get(decision)).isEqualTo(GRANTED);
    }

    @Test
    void whereTooMuchIsUnsettledNewCallsAreTurnedAway() {
        Meters meters = meters(1);
        meters.settle("k", HOLD, 3, CALL, Need.NONE, false);
        Meter.Settle settle = meter.expectMessageClass(Meter.Settle.class);

        CompletionStage<Decision> decision =
                meters.reserve("k", new HoldId(1, 2), "gpt", CALL, null, Duration.ofSeconds(2));

        assertThat(NodeTest.get(decision)).isInstanceOf(Decision.Unavailable.class);
        settle.replyTo().tell(new Ack(HOLD));
    }

    @Test
    void anOperatorsChangeIsRepeatedUntilItIsAnswered() {
        CompletionStage<AdminReply> reply = meters(10).block("k", true);
        Meter.SetBlocked lost = meter.expectMessageClass(Meter.SetBlocked.class);

        time.timePasses(Duration.ofMillis(550));

        Meter.SetBlocked again = meter.expectMessageClass(Meter.SetBlocked.class);
        assertThat(again).isEqualTo(lost);
        again.replyTo().tell(new AdminReply.NoSuchKey());
        assertThat(NodeTest.get(reply)).isEqualTo(new AdminReply.NoSuchKey());
        time.timePasses(Duration.ofSeconds(4));
        meter.expectNoMessage();
    }

    @Test
    void anOperatorWhoIsNotAnsweredIsToldSo() {
        CompletionStage<AdminReply> reply = meters(10).block("k", true);
        meter.expectMessageClass(Meter.SetBlocked.class);

        time.timePasses(Duration.ofMillis(5001));

        assertThat(NodeTest.get(reply)).isInstanceOf(AdminReply.Unavailable.class);
    }
}
