package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class MeterTest {

    private static final long EPOCH = Instant.parse("2026-11-20T12:00:00Z").toEpochMilli();
    private static final Need CALL = Need.ofCall(10, 100, true);

    private ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    private ManualTime time = ManualTime.get(kit.system());
    private final AtomicLong now = new AtomicLong(EPOCH);
    private MemoryStore store = new MemoryStore();
    private TestProbe<Decision> door = kit.createTestProbe(Decision.class);
    private ActorRef<Decided> decided = kit.spawn(Behaviors.empty());
    private TestProbe<AdminReply> operator = kit.createTestProbe(AdminReply.class);
    private TestProbe<Ack> acks = kit.createTestProbe(Ack.class);
    private long sequence;
    private long host = 7;

    @BeforeAll
    void open() {
        time = ManualTime.get(kit.system());
    }

    @BeforeEach
    void fresh() {
        store = new MemoryStore();
        door = kit.createTestProbe(Decision.class);
        decided = kit.spawn(Behaviors.receiveMessage(answer -> {
            door.getRef().tell(answer.decision());
            return Behaviors.same();
        }));
        operator = kit.createTestProbe(AdminReply.class);
        acks = kit.createTestProbe(Ack.class);
        now.set(EPOCH);
        host = 7;
    }

    @AfterAll
    void close() {
        kit.shutdownTestKit();
    }

    private final FakePlacement placement = new FakePlacement();

    private ActorRef<Meter.Command> meter() {
        return meter(MeterSettings.Unpriced.REJECT);
    }

    private ActorRef<Meter.Command> meter(MeterSettings.Unpriced unpriced) {
        MeterSettings common = FakeNodes.alone(host, unpriced, 50);
        return kit.spawn(Meter.ofKey(
                "key",
                store,
                common,
                Shares.none(host, ZoneOffset.UTC),
                () -> Instant.ofEpochMilli(now.get()),
                placement));
    }

    private static MeterSettings common(long host) {
        return FakeNodes.alone(host, MeterSettings.Unpriced.REJECT, 50);
    }

    private ActorRef<Meter.Command> created(KeySettings settings) {
        ActorRef<Meter.Command> meter = meter();
        meter.tell(new Meter.Create(settings, operator.getRef()));
        assertThat(operator.receiveMessage()).isInstanceOf(AdminReply.Done.class);
        return meter;
    }

    private HoldId reserve(ActorRef<Meter.Command> meter, Need need) {
        HoldId hold = new HoldId(host, ++sequence);
        meter.tell(new Meter.Reserve(hold, "key", "gpt", need, null, now.get() + 2000, decided));
        return hold;
    }

    /** For the meter's timers and its clock. */
    private void pass(int millis) {
        now.addAndGet(millis);
        time.timePasses(Duration.ofMillis(millis));
    }

    private Decision.Granted granted(ActorRef<Meter.Command> meter, Need need) {
        reserve(meter, need);
        return door.expectMessageClass(Decision.Granted.class);
    }

    private void settle(ActorRef<Meter.Command> meter, Decision.Granted grant, Need used, boolean began) {
        meter.tell(new Meter.Settle(grant.hold(), grant.epoch(), "gpt", null, CALL, used, began, acks.getRef()));
    }

    private void stop(ActorRef<Meter.Command> meter) {
        meter.tell(Meter.Stop.INSTANCE);
        acks.expectTerminated(meter, Duration.ofSeconds(3));
    }

    private void crash(ActorRef<Meter.Command> meter) {
        kit.stop(meter);
    }

    private MeterView inspect(ActorRef<Meter.Command> meter) {
        meter.tell(new Meter.Inspect(operator.getRef()));
        return operator.expectMessageClass(AdminReply.Done.class).meter();
    }

    @Test
    void aKeyThatNeverWasIsUnknownAndNothingIsWritten() {
        reserve(meter(), CALL);

        assertThat(door.receiveMessage()).isEqualTo(new Decision.UnknownKey());
        assertThat(store.writes()).isZero();
    }

    @Test
    void theFirstCallOfFiveRequestsAMinuteLeavesFour() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));

        Decision.Granted first = granted(meter, CALL);

        assertThat(first.standings().get(0).remaining()).isEqualTo(4);
        assertThat(first.standings().get(0).reset()).isEqualTo(Instant.ofEpochMilli(EPOCH + 60_000));
    }

    @Test
    void fiveHundredAtOnceAtALimitOfHundredGrantHundred() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(100));
        store.be(MemoryStore.Mood.STALLED);

        for (int i = 0; i < 500; i++) {
            reserve(meter, CALL);
        }
        inspect(meter); // all of them have come while the first is written
        store.release();

        List<Decision> decisions = door.receiveSeveralMessages(500);
        assertThat(decisions.stream().filter(Decision.Granted.class::isInstance))
                .hasSize(100);
        assertThat(decisions.stream().filter(Decision.Exceeded.class::isInstance))
                .hasSize(400);
        assertThat(store.writes()).isLessThan(10);
    }

    @Test
    void aRefusedCallSaysWhichLimitAndWhenToComeBack() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(1));
        granted(meter, CALL);
        now.addAndGet(10_000);

        reserve(meter, CALL);

        Decision.Exceeded refused = door.expectMessageClass(Decision.Exceeded.class);
        assertThat(refused.standing().kind()).isEqualTo(Standing.LimitKind.REQUESTS);
        assertThat(refused.standing().remaining()).isZero();
        assertThat(refused.standing().reset()).isEqualTo(Instant.ofEpochMilli(EPOCH + 60_000));
        assertThat(refused.neverFits()).isFalse();
    }

    @Test
    void aCallThatAsksForMoreThanTheLimitIsToldThatItNeverFits() {
        ActorRef<Meter.Command> meter = created(Keys.key(null, 5L, null, null, null));

        reserve(meter, CALL);

        assertThat(door.expectMessageClass(Decision.Exceeded.class).neverFits()).isTrue();
    }

    @Test
    void theNextWindowIsFresh() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(1));
        granted(meter, CALL);

        now.addAndGet(60_000);

        assertThat(granted(meter, CALL).standings().get(0).remaining()).isZero();
    }

    @Test
    void aRequestComesBackOnlyIfNoAttemptBegan() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        Decision.Granted began = granted(meter, CALL);
        Decision.Granted never = granted(meter, CALL);

        settle(meter, began, Need.NONE, true);
        settle(meter, never, Need.NONE, false);

        acks.receiveSeveralMessages(2);
        assertThat(inspect(meter).standings().get(0).remaining()).isEqualTo(4);
        assertThat(inspect(meter).openHolds()).isZero();
    }

    @Test
    void aSettlementCountsOnceHoweverOftenItIsSent() {
        ActorRef<Meter.Command> meter = created(Keys.key(null, 100L, null, null, null));
        Decision.Granted grant = granted(meter, CALL);
        Need used = new Need(1, 4, 40, 1, true);

        settle(meter, grant, used, true);
        settle(meter, grant, used, true);

        assertThat(acks.receiveSeveralMessages(2)).containsOnly(new Ack(grant.hold()));
        assertThat(inspect(meter).standings().get(0).committed()).isEqualTo(4);
        assertThat(inspect(meter).spentNanoUsd()).isEqualTo(40);
    }

    @Test
    void useBeyondTheLimitIsDurableBeforeItsSettlementIsAcknowledged() {
        ActorRef<Meter.Command> meter = created(Keys.key(null, 10L, null, null, null));
        Decision.Granted grant = granted(meter, CALL);
        store.be(MemoryStore.Mood.STALLED);

        settle(meter, grant, new Need(1, 15, 0, 1, true), true);
        settle(meter, grant, new Need(1, 15, 0, 1, true), true);

        acks.expectNoMessage(Duration.ofMillis(100));
        store.release();
        acks.receiveSeveralMessages(2);
        assertThat(store.existing("key").limits().get(0).committed()).isEqualTo(15);
    }

    @Test
    void useThatTurnsUpWhileTheWindowTurnsIsChargedToTheNewOne() {
        ActorRef<Meter.Command> meter = created(Keys.key(null, 10L, null, null, null));
        Decision.Granted grant = granted(meter, CALL);
        now.addAndGet(60_000);
        store.be(MemoryStore.Mood.STALLED);
        reserve(meter, CALL);

        settle(meter, grant, new Need(1, 15, 0, 1, true), true);
        inspect(meter);
        store.release();

        acks.receiveMessage();
        assertThat(door.expectMessageClass(Decision.Exceeded.class).standing().committed())
                .isEqualTo(5);
    }

    @Test
    void aSlotIsFreeOnceItsCallIsSettled() {
        ActorRef<Meter.Command> meter = created(Keys.slots(1));
        Decision.Granted first = granted(meter, CALL);
        reserve(meter, CALL);
        Decision.Exceeded refused = door.expectMessageClass(Decision.Exceeded.class);

        settle(meter, first, Need.NONE, true);
        granted(meter, CALL);

        assertThat(refused.standing().kind()).isEqualTo(Standing.LimitKind.MAX_PARALLEL_REQUESTS);
    }

    @Test
    void aQuestionHoldsNothingAndPassesAnExhaustedKey() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(1));
        granted(meter, CALL);

        assertThat(granted(meter, Need.NONE).standings().get(0).remaining()).isZero();
        assertThat(inspect(meter).openHolds()).isOne();
    }

    @Test
    void aStoreThatDoesNotAnswerIsUnavailableWhenTheDoorWaitsNoLongerAndNeverARefusal() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.FAILING);
        reserve(meter, CALL);
        inspect(meter);

        pass(1900);
        door.expectNoMessage(Duration.ZERO);
        pass(200);

        assertThat(door.receiveMessage()).isInstanceOf(Decision.Unavailable.class);
        assertThat(inspect(meter).standings().get(0).committed()).isZero();
    }

    @Test
    void whatIsInThePurseIsGivenOutWhileTheStoreIsDown() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(100));
        granted(meter, CALL);
        store.be(MemoryStore.Mood.FAILING);

        granted(meter, CALL);
    }

    @Test
    void aStoreThatRecoversServesWithoutARestart() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.FAILING);
        reserve(meter, CALL);
        inspect(meter);
        pass(2100);
        door.expectMessageClass(Decision.Unavailable.class);
        store.be(MemoryStore.Mood.WELL);

        time.timePasses(Duration.ofSeconds(3));

        granted(meter, CALL);
    }

    @Test
    void aWriteWhoseAnswerWasLostIsRecognisedByItsNonce() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.ANSWER_LOST);
        reserve(meter, CALL);
        inspect(meter);
        store.be(MemoryStore.Mood.WELL);

        time.timePasses(Duration.ofMillis(500));

        assertThat(door.expectMessageClass(Decision.Granted.class)
                        .standings()
                        .get(0)
                        .committed())
                .isOne();
    }

    @Test
    void aMeterThatFindsAnotherOwnersRevisionStops() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.put(store.existing("key").claimed(common(8)).next(99));

        reserve(meter, CALL);

        assertThat(door.receiveMessage()).isInstanceOf(Decision.Unavailable.class);
        acks.expectTerminated(meter, Duration.ofSeconds(3));
        assertThat(store.existing("key").host()).isEqualTo(8);
    }

    @Test
    void aCleanStopKeepsExactFiguresAndTheOpenHolds() {
        ActorRef<Meter.Command> before = created(Keys.key(100L, 1000L, 2L, null, null));
        Decision.Granted open = granted(before, CALL);
        stop(before);
        assertThat(store.existing("key").clean()).isTrue();
        assertThat(store.existing("key").limits().get(0).committed()).isOne();

        ActorRef<Meter.Command> after = meter();

        assertThat(inspect(after).openHolds()).isOne();
        settle(after, open, Need.NONE, false);
        acks.receiveMessage();
        assertThat(inspect(after).standings()).allMatch(standing -> standing.committed() == 0);
    }

    @Test
    void whatADoorThatIsGoneHeldStaysChargedAndItsSlotsAreFree() {
        ActorRef<Meter.Command> before = created(Keys.key(100L, 1000L, 2L, null, null));
        granted(before, CALL);
        stop(before);

        host = 8;
        MeterView view = inspect(meter());

        assertThat(view.openHolds()).isZero();
        assertThat(view.standings()).extracting(Standing::committed).containsExactly(1L, 10L, 0L);
        assertThat(view.standings()).extracting(Standing::held).containsOnly(0L);
    }

    @Test
    void afterACrashWhatWasGrantedCountsAsUsedAndSlotsAreFree() {
        ActorRef<Meter.Command> before = created(Keys.key(100L, null, 1L, null, null));
        granted(before, CALL);
        crash(before);
        long granted = store.existing("key").limits().get(0).committed();

        MeterView view = inspect(meter());

        assertThat(view.standings().get(0).committed()).isEqualTo(granted).isGreaterThanOrEqualTo(1);
        assertThat(view.standings().get(1).committed()).isZero();
        assertThat(store.existing("key").epoch()).isEqualTo(2);
    }

    @Test
    void noMoreThanAHundredthOfALimitIsEverReservedAhead() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(1000));
        long most = 0;

        for (int calls = 1; calls <= 500; calls++) {
            granted(meter, CALL);
            inspect(meter); // what it reserves ahead is written by now
            most = Math.max(most, store.existing("key").limits().get(0).committed() - calls);
        }

        assertThat(most).isEqualTo(10);
        assertThat(store.writes()).isLessThan(100);
    }

    @Test
    void aSettlementOfBeforeTheCrashAddsOnlyWhatGoesBeyondTheHold() {
        ActorRef<Meter.Command> before = created(Keys.key(null, 1000L, null, null, null));
        Decision.Granted grant = granted(before, CALL);
        crash(before);
        ActorRef<Meter.Command> after = meter();
        long committed = inspect(after).standings().get(0).committed();

        settle(after, grant, new Need(1, 25, 0, 1, true), true);
        settle(after, grant, new Need(1, 25, 0, 1, true), true);

        acks.receiveSeveralMessages(2);
        assertThat(inspect(after).standings().get(0).committed()).isEqualTo(committed + 15);
    }

    /** The answer is lost with the move, and the door says it again. */
    @Test
    void aSettlementCountsOnceThoughItsMeterHasMovedTwice() {
        ActorRef<Meter.Command> first = created(Keys.key(null, 1000L, null, null, null));
        Decision.Granted grant = granted(first, CALL);
        Need used = new Need(1, 25, 7, 1, true);
        stop(first);
        ActorRef<Meter.Command> second = meter();
        settle(second, grant, used, true);
        acks.receiveMessage();
        stop(second);

        ActorRef<Meter.Command> third = meter();
        settle(third, grant, used, true);

        acks.receiveMessage();
        assertThat(inspect(third).standings().get(0).committed()).isEqualTo(25);
        assertThat(inspect(third).spentNanoUsd()).isEqualTo(7);
    }

    @Test
    void aSettlementOfBeforeACrashCountsOnceThoughItsMeterHasMoved() {
        ActorRef<Meter.Command> before = created(Keys.key(null, 1000L, null, null, null));
        Decision.Granted grant = granted(before, CALL);
        Need used = new Need(1, 25, 7, 1, true);
        crash(before);
        ActorRef<Meter.Command> after = meter();
        settle(after, grant, used, true);
        acks.receiveMessage();
        MeterView counted = inspect(after);
        stop(after);

        ActorRef<Meter.Command> moved = meter();
        settle(moved, grant, used, true);

        acks.receiveMessage();
        assertThat(inspect(moved).standings().get(0).committed())
                .isEqualTo(counted.standings().get(0).committed());
        assertThat(inspect(moved).spentNanoUsd()).isEqualTo(7);
    }

    @Test
    void anAdminWriteIsAnsweredWhenItIsDurable() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.STALLED);

        meter.tell(new Meter.SetBlocked(true, operator.getRef()));

        operator.expectNoMessage(Duration.ofMillis(100));
        store.release();
        assertThat(operator.expectMessageClass(AdminReply.Done.class)
                        .meter()
                        .settings()
                        .blocked())
                .isTrue();
        reserve(meter, CALL);
        assertThat(door.receiveMessage()).isEqualTo(new Decision.Blocked(Standing.Scope.API_KEY, null));
    }

    @Test
    void anUpdateOfAnOldVersionIsRefused() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        meter.tell(new Meter.Update(Keys.rpm(6), 1, operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);

        meter.tell(new Meter.Update(Keys.rpm(7), 1, operator.getRef()));

        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.Stale(2));
    }

    @Test
    void aLoweredLimitAdmitsOnlyWhatItHasLeft() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(100));
        granted(meter, CALL);
        granted(meter, CALL);

        meter.tell(new Meter.Update(Keys.rpm(3), 1, operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);

        granted(meter, CALL);
        reserve(meter, CALL);
        assertThat(door.receiveMessage()).isInstanceOf(Decision.Exceeded.class);
        assertThat(store.existing("key").limits().get(0).committed()).isLessThanOrEqualTo(3);
    }

    @Test
    void aDeletedKeyIsUnknownAndItsRowStays() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        granted(meter, CALL);

        meter.tell(new Meter.Delete(operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);

        reserve(meter, CALL);
        assertThat(door.receiveMessage()).isEqualTo(new Decision.UnknownKey());
        assertThat(store.existing("key").tombstone()).isTrue();
    }

    @Test
    void anOldStreamsSettlementDoesNotTouchTheKeyMadeAnew() {
        ActorRef<Meter.Command> meter = created(Keys.key(null, 100L, null, null, null));
        Decision.Granted old = granted(meter, CALL);
        meter.tell(new Meter.Delete(operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);
        meter.tell(new Meter.Create(Keys.key(null, 100L, null, null, null), operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);

        settle(meter, old, new Need(1, 90, 500, 1, true), true);

        acks.receiveMessage();
        MeterView view = inspect(meter);
        assertThat(view.standings().get(0).committed()).isZero();
        assertThat(view.spentNanoUsd()).isZero();
    }

    /** It is found by the secret that it was rotated to, which is not the one that it was named by. */
    @Test
    void aKeyThatIsMadeAnewIsOpenedByTheSecretThatItIsMadeWith() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        meter.tell(new Meter.Rotate("later", 0, operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);
        meter.tell(new Meter.Delete(operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);

        meter.tell(new Meter.Create(Keys.rpm(5), "later", operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);

        reserve(meter, CALL);
        assertThat(door.receiveMessage()).isEqualTo(new Decision.UnknownKey());
        meter.tell(
                new Meter.Reserve(new HoldId(host, ++sequence), "later", "gpt", CALL, null, now.get() + 2000, decided));
        door.expectMessageClass(Decision.Granted.class);
    }

    private void update(ActorRef<Meter.Command> meter, KeySettings settings) {
        meter.tell(new Meter.Update(settings, 0, operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);
    }

    @Test
    void aLimitThatIsSetAgainGetsNothingBackFromTheOneBefore() {
        ActorRef<Meter.Command> meter = created(Keys.key(null, 1000L, null, null, null));
        Decision.Granted before = granted(meter, Need.ofCall(1000, 0, true));
        update(meter, Keys.unlimited());
        update(meter, Keys.key(null, 1000L, null, null, null));
        granted(meter, Need.ofCall(600, 0, true));

        settle(meter, before, new Need(1, 100, 0, 0, true), true);
        acks.receiveMessage();

        reserve(meter, Need.ofCall(600, 0, true));
        assertThat(door.receiveMessage()).isInstanceOf(Decision.Exceeded.class);
    }

    @Test
    void aBudgetThatIsSetWhileACallRunsIsChargedOnceWhatItCost() {
        ActorRef<Meter.Command> meter = created(Keys.unlimited());
        Decision.Granted running = granted(meter, CALL);
        update(meter, Keys.budget(1000, null));

        settle(meter, running, new Need(1, 5, 40, 0, true), true);
        acks.receiveMessage();

        assertThat(inspect(meter).standings().getFirst().committed()).isEqualTo(40);
    }

    @Test
    void aLiveKeyIsNotMadeAgain() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));

        meter.tell(new Meter.Create(Keys.rpm(6), operator.getRef()));

        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.AlreadyExists());
    }

    @Test
    void aTakenAliasIsRefusedAndTheKeyGoesOn() {
        store.put(MeterState.created("other", Keys.named("ci", List.of(), null), 1, EPOCH));
        ActorRef<Meter.Command> meter = created(Keys.named("mine", List.of(), null));

        meter.tell(new Meter.Update(Keys.named("ci", List.of(), null), 0, operator.getRef()));

        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.AliasTaken("ci"));
        granted(meter, CALL);
    }

    @Test
    void whatTheStoreDoesNotTakeIsRefusedAndTheKeyGoesOn() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.REFUSING);

        meter.tell(new Meter.Update(Keys.rpm(6), 0, operator.getRef()));

        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.NotStorable());
        store.be(MemoryStore.Mood.WELL);
        granted(meter, CALL);
        assertThat(inspect(meter).settings()).isEqualTo(Keys.rpm(5));
    }

    @Test
    void aKeyThatTheStoreDoesNotTakeIsStillUnknown() {
        ActorRef<Meter.Command> meter = meter();
        store.be(MemoryStore.Mood.REFUSING);

        meter.tell(new Meter.Create(Keys.rpm(5), operator.getRef()));

        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.NotStorable());
        reserve(meter, CALL);
        assertThat(door.receiveMessage()).isEqualTo(new Decision.UnknownKey());
    }

    @Test
    void figuresThatTheStoreDoesNotTakeAreTriedAgain() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.REFUSING);
        int before = store.writes();
        reserve(meter, CALL);
        inspect(meter);
        assertThat(store.writes()).isEqualTo(before + 1);
        store.be(MemoryStore.Mood.WELL);

        time.timePasses(Duration.ofMillis(500));

        door.expectMessageClass(Decision.Granted.class);
    }

    @Test
    void aKeyThatCannotBeMadeForItsAliasIsStillUnknown() {
        store.put(MeterState.created("other", Keys.named("ci", List.of(), null), 1, EPOCH));
        ActorRef<Meter.Command> meter = meter();

        meter.tell(new Meter.Create(Keys.named("ci", List.of(), null), operator.getRef()));

        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.AliasTaken("ci"));
        reserve(meter, CALL);
        assertThat(door.receiveMessage()).isEqualTo(new Decision.UnknownKey());
    }

    @Test
    void aRowThatCannotBeReadIsUnavailableAndStaysAsItIs() {
        created(Keys.rpm(5));
        int writes = store.writes();
        store.unreadable("format 99");
        ActorRef<Meter.Command> meter = meter();

        reserve(meter, CALL);
        meter.tell(new Meter.Create(Keys.rpm(5), operator.getRef()));

        assertThat(door.receiveMessage()).isInstanceOf(Decision.Unavailable.class);
        assertThat(operator.receiveMessage()).isInstanceOf(AdminReply.Unavailable.class);
        assertThat(store.writes()).isEqualTo(writes);
    }

    @Test
    void anIdleMeterLeavesAndOneWithAnOpenHoldStays() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        Decision.Granted open = granted(meter, CALL);
        time.timePasses(Duration.ofMinutes(5));
        settle(meter, open, Need.NONE, true);
        acks.receiveMessage();

        time.timePasses(Duration.ofMinutes(2));

        acks.expectTerminated(meter, Duration.ofSeconds(3));
        assertThat(store.existing("key").limits().get(0).committed()).isOne();
    }

    @Test
    void aCallThatIsGivenUpWhileItWaitsHoldsNothing() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.STALLED);
        HoldId hold = reserve(meter, CALL);

        meter.tell(new Meter.Settle(hold, 0, "gpt", null, CALL, Need.NONE, false, acks.getRef()));
        acks.receiveMessage();
        store.release();

        assertThat(door.receiveMessage()).isInstanceOf(Decision.Unavailable.class);
        assertThat(inspect(meter).standings().get(0).committed()).isZero();
    }

    @Test
    void aCallThatIsAskedForAgainWhileItWaitsIsHeldAndAnsweredOnce() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));
        store.be(MemoryStore.Mood.STALLED);
        HoldId hold = new HoldId(host, ++sequence);
        Meter.Reserve reserve = new Meter.Reserve(hold, "key", "gpt", CALL, null, now.get() + 2000, decided);
        meter.tell(reserve);
        meter.tell(reserve);
        time.timePasses(Duration.ofMillis(800));
        meter.tell(reserve);
        store.release();

        door.expectMessageClass(Decision.Granted.class);
        door.expectNoMessage(Duration.ofMillis(100));
        meter.tell(reserve); // it runs
        door.expectMessageClass(Decision.Granted.class);
        assertThat(inspect(meter).standings().get(0).committed()).isOne();
    }

    @Test
    void aSmallCallDoesNotOvertakeOneThatWaits() {
        ActorRef<Meter.Command> meter = created(Keys.budget(1000, null));
        granted(meter, CALL);
        store.be(MemoryStore.Mood.STALLED);

        HoldId large = reserve(meter, new Need(1, 1, 850, 1, true));
        HoldId small = reserve(meter, new Need(1, 1, 1, 1, true));

        door.expectNoMessage(Duration.ofMillis(100));
        store.release();
        assertThat(door.expectMessageClass(Decision.Granted.class).hold()).isEqualTo(large);
        assertThat(door.expectMessageClass(Decision.Granted.class).hold()).isEqualTo(small);
    }

    @Test
    void anOwnerAdmitsNothingBeforeItsClaimIsDurable() {
        stop(created(Keys.unlimited()));
        store.be(MemoryStore.Mood.STALLED);

        reserve(meter(), CALL);

        door.expectNoMessage(Duration.ofMillis(100));
        store.release();
        assertThat(door.expectMessageClass(Decision.Granted.class).epoch()).isEqualTo(2);
    }

    @Test
    void aCallWhoseTimeIsUpHoldsNothing() {
        ActorRef<Meter.Command> meter = created(Keys.rpm(5));

        meter.tell(new Meter.Reserve(new HoldId(host, ++sequence), "key", "gpt", CALL, null, EPOCH - 1, decided));

        assertThat(door.receiveMessage()).isInstanceOf(Decision.Unavailable.class);
        assertThat(inspect(meter).openHolds()).isZero();
    }

    @Test
    void modelsOutsideTheListAreDenied() {
        ActorRef<Meter.Command> meter = created(Keys.named(null, List.of("gpt-4o", "claude/*"), null));

        reserve(meter, CALL);

        assertThat(door.receiveMessage())
                .isEqualTo(new Decision.ModelDenied(Standing.Scope.API_KEY, "gpt", List.of("gpt-4o", "claude/*")));
    }

    @Test
    void anExpiredKeyIsRefused() {
        ActorRef<Meter.Command> meter = created(Keys.named(null, List.of(), Instant.ofEpochMilli(EPOCH)));

        reserve(meter, CALL);

        assertThat(door.receiveMessage()).isEqualTo(new Decision.Expired(Instant.ofEpochMilli(EPOCH)));
    }

    @Test
    void aCallWithoutAPriceIsRefusedWhereMoneyIsLimited() {
        ActorRef<Meter.Command> meter = created(Keys.budget(1000, null));

        reserve(meter, Need.ofCall(10, 0, false));

        assertThat(door.receiveMessage()).isEqualTo(new Decision.Unpriced("gpt"));
    }

    @Test
    void aCallWithoutAPricePassesWherePolicyAllowsIt() {
        created(Keys.budget(1000, null));

        granted(meter(MeterSettings.Unpriced.ALLOW), Need.ofCall(10, 0, false));
    }

    @Test
    void aDayBudgetEndsAtMidnight() {
        ActorRef<Meter.Command> meter = created(Keys.budget(100, BudgetPeriod.parse("1d")));
        Decision.Granted grant = granted(meter, CALL);
        reserve(meter, CALL);
        Decision.Exceeded refused = door.expectMessageClass(Decision.Exceeded.class);

        now.addAndGet(Duration.ofHours(12).toMillis());

        granted(meter, CALL);
        assertThat(grant.standings().get(0).remaining()).isZero();
        assertThat(refused.standing().reset()).isEqualTo(Instant.parse("2026-11-21T00:00:00Z"));
    }

    @Test
    void aBudgetForLifeThatComesLateKnowsWhatWasSpent() {
        store.ledger(400);
        ActorRef<Meter.Command> creator = created(Keys.unlimited());
        stop(creator);
        ActorRef<Meter.Command> meter = meter();
        settle(meter, granted(meter, CALL), new Need(1, 10, 70, 1, true), true);
        acks.receiveMessage();

        meter.tell(new Meter.Update(Keys.budget(1000, null), 0, operator.getRef()));

        assertThat(operator.expectMessageClass(AdminReply.Done.class)
                        .meter()
                        .standings()
                        .get(0)
                        .committed())
                .isEqualTo(470);
    }
}
