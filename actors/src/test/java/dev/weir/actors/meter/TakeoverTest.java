package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A key's meter on one node, when another one had it before. */
final class TakeoverTest {

    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final Need CALL = Need.ofCall(10, 100, true);
    private static final long BEFORE = 7;
    private static final long HERE = 8;

    private static final Decided LAST = new Decided(new HoldId(0, 0), new Decision.UnknownKey());

    private final MemoryStore store = new MemoryStore();
    private final AtomicLong now = new AtomicLong(1_800_000_000_000L);
    private final Set<Long> atWork = ConcurrentHashMap.newKeySet();
    private final TestProbe<Decided> door = KIT.createTestProbe(Decided.class);
    private final TestProbe<AdminReply> operator = KIT.createTestProbe(AdminReply.class);
    private final TestProbe<Ack> acks = KIT.createTestProbe(Ack.class);
    private final TestProbe<Reopened> reopened = KIT.createTestProbe(Reopened.class);
    private final FakePlacement placement = new FakePlacement();
    private final FakeNodes here = new FakeNodes(atWork::contains);
    private long sequence;

    TakeoverTest() {
        atWork.add(BEFORE);
        atWork.add(HERE);
    }

    @AfterAll
    static void close() {
        KIT.shutdownTestKit();
    }

    private ActorRef<Meter.Command> meter(long host, FakeNodes nodes) {
        MeterSettings common = new MeterSettings(
                host, ZoneOffset.UTC, MeterSettings.Unpriced.REJECT, Duration.ofMinutes(1), 50, 10, nodes);
        return KIT.spawn(Meter.ofKey(
                "key",
                store,
                common,
                Shares.none(host, ZoneOffset.UTC),
                () -> Instant.ofEpochMilli(now.get()),
                placement));
    }

    /** The meter on the node before, with a key. */
    private ActorRef<Meter.Command> before(@Nullable Long rpm, @Nullable Long slots) {
        ActorRef<Meter.Command> meter = meter(BEFORE, new FakeNodes(atWork::contains));
        meter.tell(new Meter.Create(Keys.key(rpm, null, slots, null, null), operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);
        return meter;
    }

    /** Nodes that note which numbers of nobody they are asked for, and do not release these by themselves. */
    private FakeNodes asking(Set<Long> asked) {
        return new FakeNodes(atWork::contains) {
            @Override
            public boolean isReleased(long incarnation) {
                if (incarnation < 0) {
                    asked.add(incarnation);
                }
                return incarnation < 0 ? released.contains(incarnation) : super.isReleased(incarnation);
            }
        };
    }

    private HoldId reserve(ActorRef<Meter.Command> meter, long incarnation) {
        HoldId hold = new HoldId(incarnation, ++sequence);
        meter.tell(new Meter.Reserve(hold, "key", "gpt", CALL, null, now.get() + 2000, door.getRef()));
        return hold;
    }

    private Decision.Granted granted(ActorRef<Meter.Command> meter, long incarnation) {
        reserve(meter, incarnation);
        return (Decision.Granted) door.receiveMessage().decision();
    }

    private MeterView inspect(ActorRef<Meter.Command> meter) {
        meter.tell(new Meter.Inspect(operator.getRef()));
        return operator.expectMessageClass(AdminReply.Done.class).meter();
    }

    private void isGone(ActorRef<Meter.Command> meter, long node) {
        atWork.remove(node);
        meter.tell(Meter.NodesMoved.INSTANCE);
    }

    @Test
    void aMemberIsAskedWhetherItHasTheMeterStill() {
        KIT.stop(before(10L, null));
        TestProbe<Keeper.Command> keeper = KIT.createTestProbe();
        here.keepers.put(BEFORE, keeper.getRef());
        ActorRef<Meter.Command> meter = meter(HERE, here);
        reserve(meter, HERE);

        Keeper.Has has = keeper.expectMessageClass(Keeper.Has.class);
        has.replyTo().tell(new Meter.Owned(BEFORE, true));
        Keeper.Has again = keeper.expectMessageClass(Keeper.Has.class);
        door.expectNoMessage(Duration.ofMillis(50));
        again.replyTo().tell(new Meter.Owned(BEFORE, false));

        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Granted.class);
        assertThat(here.fenced).isEmpty();
    }

    /** Its last write was lost: by the row it is the owner still. */
    @Test
    void whoHasNotGotTheMeterContestsNothingAndItsCallsAreAskedFor() {
        Set<Long> asked = ConcurrentHashMap.newKeySet();
        FakeNodes nodes = asking(asked);
        ActorRef<Meter.Command> former = before(null, 2L);
        Decision.Granted running = granted(former, HERE);
        KIT.stop(former);
        TestProbe<Keeper.Command> keeper = KIT.createTestProbe();
        nodes.keepers.put(BEFORE, keeper.getRef());
        ActorRef<Meter.Command> meter = meter(HERE, nodes);
        meter.tell(new Meter.SetBlocked(false, operator.getRef()));
        keeper.expectMessageClass(Keeper.Has.class).replyTo().tell(new Meter.Owned(BEFORE, false));

        operator.expectMessageClass(AdminReply.Done.class);
        reserve(meter, HERE);
        door.expectNoMessage(Duration.ofMillis(100));
        meter.tell(new Meter.Reopen(running.hold(), running.epoch(), "gpt", null, 1, reopened.getRef()));
        reopened.receiveMessage();
        nodes.released.addAll(asked);
        meter.tell(Meter.NodesMoved.INSTANCE);

        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Granted.class);
        reserve(meter, HERE);
        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Exceeded.class);
    }

    @Test
    void whoIsNoMemberIsShutOutAndWhatItWasGrantedCountsAsUsed() {
        ActorRef<Meter.Command> former = before(10L, null);
        granted(former, HERE);

        Decision.Granted grant = granted(meter(HERE, here), HERE);

        assertThat(here.fenced).containsExactly(BEFORE);
        assertThat(grant.standings().getFirst().committed()).isGreaterThan(2);
        for (int call = 0; call < 20; call++) {
            reserve(former, HERE);
        }
        door.expectTerminated(former, Duration.ofSeconds(3)); // and whoever came later is not answered
        door.getRef().tell(LAST);
        long more = door
                .fishForMessage(
                        Duration.ofSeconds(3),
                        decided -> decided.equals(LAST)
                                ? FishingOutcomes.complete()
                                : decided.decision() instanceof Decision.Granted
                                        ? FishingOutcomes.continueAndCollect()
                                        : FishingOutcomes.continueAndIgnore())
                .stream()
                .filter(decided -> !decided.equals(LAST))
                .count();
        assertThat(more + grant.standings().getFirst().committed() - 1)
                .as("what the former owner still gives out was its own")
                .isLessThanOrEqualTo(10);
    }

    @Test
    void slotsWaitUntilItIsKnownWhichOfTheFormerCallsStillRun() {
        ActorRef<Meter.Command> former = before(null, 2L);
        Decision.Granted running = granted(former, HERE);
        here.fenced.clear();
        ActorRef<Meter.Command> meter = meter(HERE, here);
        reserve(meter, HERE);
        door.expectNoMessage(Duration.ofMillis(100));

        meter.tell(new Meter.Reopen(running.hold(), running.epoch(), "gpt", null, 1, reopened.getRef()));
        assertThat(reopened.receiveMessage().hold()).isEqualTo(running.hold());
        isGone(meter, BEFORE);

        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Granted.class);
        reserve(meter, HERE);
        assertThat(door.receiveMessage().decision())
                .as("the call that runs has the other slot")
                .isInstanceOf(Decision.Exceeded.class);
        meter.tell(new Meter.Settle(running.hold(), running.epoch(), "gpt", null, CALL, CALL, true, acks.getRef()));
        acks.receiveMessage();
        granted(meter, HERE);
    }

    /** Its last write was lost, and no other node has had it since: it comes back to where its calls run. */
    @Test
    void whoeverComesBackWithoutHavingLeftAsksForItsCallsToo() {
        Set<Long> asked = ConcurrentHashMap.newKeySet();
        FakeNodes nodes = asking(asked);
        ActorRef<Meter.Command> former = before(null, 2L);
        Decision.Granted running = granted(former, HERE);
        KIT.stop(former);
        ActorRef<Meter.Command> meter = meter(BEFORE, nodes);

        reserve(meter, HERE);
        door.expectNoMessage(Duration.ofMillis(100));
        meter.tell(new Meter.Reopen(running.hold(), running.epoch(), "gpt", null, 1, reopened.getRef()));
        reopened.receiveMessage();
        nodes.released.addAll(asked);
        meter.tell(Meter.NodesMoved.INSTANCE);

        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Granted.class);
        reserve(meter, HERE);
        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Exceeded.class);
    }

    @Test
    void aChangeIsAcknowledgedWhenTheFormerOwnerCannotActAnyMore() {
        KIT.stop(before(10L, null));
        ActorRef<Meter.Command> meter = meter(HERE, here);
        granted(meter, HERE);

        meter.tell(new Meter.SetBlocked(true, operator.getRef()));
        operator.expectNoMessage(Duration.ofMillis(100));
        reserve(meter, HERE);
        assertThat(door.receiveMessage().decision()).as("here it is in force").isInstanceOf(Decision.Blocked.class);
        isGone(meter, BEFORE);

        operator.expectMessageClass(AdminReply.Done.class);
    }

    @Test
    void aDeletionWaitsTheSame() {
        KIT.stop(before(10L, null));
        ActorRef<Meter.Command> meter = meter(HERE, here);
        granted(meter, HERE);

        meter.tell(new Meter.Delete(operator.getRef()));
        operator.expectNoMessage(Duration.ofMillis(100));
        isGone(meter, BEFORE);

        operator.expectMessageClass(AdminReply.Done.class);
    }

    @Test
    void aNodeWithoutTheRightToActSaysNeitherYesNorNo() {
        ActorRef<Meter.Command> meter = before(1L, null);
        FakeNodes lapsed = new FakeNodes(atWork::contains);
        lapsed.mayDecide = false;
        KIT.stop(meter);

        reserve(meter(BEFORE, lapsed), HERE);

        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Unavailable.class);
    }

    /** Others may have taken over and changed it since: even that nothing is to be changed is not its to say. */
    @Test
    void anOperatorIsToldNothingByANodeWithoutTheRightToAct() {
        ActorRef<Meter.Command> former = before(1L, null);
        FakeNodes nodes = new FakeNodes(atWork::contains);
        KIT.stop(former);
        ActorRef<Meter.Command> meter = meter(BEFORE, nodes);
        inspect(meter);
        nodes.mayDecide = false;

        meter.tell(new Meter.SetBlocked(false, operator.getRef()));

        operator.expectMessageClass(AdminReply.Unavailable.class);
        nodes.mayDecide = true;
        meter.tell(new Meter.SetBlocked(false, operator.getRef()));
        operator.expectMessageClass(AdminReply.Done.class);
    }

    @Test
    void whoComesWhileAMeterLeavesIsSentOn() {
        ActorRef<Meter.Command> meter = before(10L, null);
        granted(meter, HERE);
        store.be(MemoryStore.Mood.STALLED);
        meter.tell(Meter.Stop.INSTANCE);
        reserve(meter, HERE);

        acks.awaitAssert(() -> {
            assertThat(placement.forwarded).singleElement().isInstanceOf(Meter.Reserve.class);
            return null;
        });
    }

    @Test
    void whatACallOfADoorThatIsGoneHeldIsChargedAndItsSlotIsFree() {
        atWork.add(9L);
        ActorRef<Meter.Command> meter = before(null, 1L);
        KIT.stop(meter);
        meter = meter(BEFORE, here);
        Decision.Granted lost = granted(meter, 9);
        reserve(meter, HERE);
        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Exceeded.class);

        isGone(meter, 9);

        granted(meter, HERE);
        assertThat(inspect(meter).openHolds()).isEqualTo(1);
        assertThat(here.lost).hasEntrySatisfying(lost.hold(), charged -> {
            assertThat(charged.tokens()).isEqualTo(10);
            assertThat(charged.nanoUsd()).isEqualTo(100);
        });
    }
}
