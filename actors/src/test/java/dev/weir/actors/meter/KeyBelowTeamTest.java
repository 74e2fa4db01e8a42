package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The meters of a key and of its team with what lies between them, on one node, and what happens on the way. */
final class KeyBelowTeamTest {

    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final long HERE = 1;
    private static final AccountId TEAM = AccountId.team("t");
    private static final KeySettings KEY = KeySettings.UNLIMITED.of(null, "t", null);
    private static final Need CALL = Need.ofCall(10, 100, true);

    /** What becomes of a message to the team's meter. */
    private enum Way {
        OPEN,
        LOST,
        REFUSED
    }

    private final MemoryStore store = new MemoryStore();
    private final AtomicLong now = new AtomicLong(1_800_000_000_000L);
    private final Set<Long> atWork = ConcurrentHashMap.newKeySet();
    private final FakeNodes nodes = new FakeNodes(atWork::contains);
    private final List<Want> wants = new CopyOnWriteArrayList<>();
    private volatile Way way = Way.OPEN;
    private volatile @Nullable ActorRef<Meter.Command> team;
    private final Shares shares = new Shares(HERE, ZoneOffset.UTC, this::send);
    private final TestProbe<Decided> door = KIT.createTestProbe(Decided.class);
    private final TestProbe<AdminReply> operator = KIT.createTestProbe(AdminReply.class);
    private final TestProbe<Ack> acks = KIT.createTestProbe(Ack.class);
    private final TestProbe<Reopened> reopened = KIT.createTestProbe(Reopened.class);
    private final FakePlacement placement = new FakePlacement();
    private long sequence;

    KeyBelowTeamTest() {
        atWork.add(HERE);
        nodes.keepers.put(HERE, keeper(shares));
    }

    private ActorRef<Keeper.Command> keeper(Shares of) {
        ActorRef<Keeper.Command> keeper =
                KIT.spawn(Keeper.create(of, new KeyDirectory(), nodes.here, this::instant, Duration.ofMinutes(1)));
        keeper.tell(new Keeper.Known(() -> {}));
        return keeper;
    }

    @AfterAll
    static void close() {
        KIT.shutdownTestKit();
    }

    private Instant instant() {
        return Instant.ofEpochMilli(now.get());
    }

    private void send(Want want) {
        ActorRef<Meter.Command> to = team;
        wants.add(want);
        switch (way) {
            case OPEN -> {
                if (to != null) {
                    to.tell(want);
                }
            }
            case LOST -> {}
            case REFUSED ->
                want.replyTo()
                        .tell(new Allotted(
                                want.account(), want.sequence(), new Allotted.Unavailable("its row is unreadable")));
        }
    }

    private MeterSettings common(long host) {
        return new MeterSettings(
                host, ZoneOffset.UTC, MeterSettings.Unpriced.REJECT, Duration.ofMinutes(1), 50, 10, nodes);
    }

    private ActorRef<Meter.Command> team() {
        ActorRef<Meter.Command> meter = KIT.spawn(Meter.ofAccount(TEAM, store, common(HERE), this::instant, placement));
        team = meter;
        return meter;
    }

    private ActorRef<Meter.Command> team(Limits limits) {
        ActorRef<Meter.Command> meter = team();
        done(meter, new Meter.Create(settings(limits), operator.getRef()));
        return meter;
    }

    private static AccountSettings settings(Limits limits) {
        return AccountSettings.unlimited(AccountId.Kind.TEAM).withLimits(limits);
    }

    private ActorRef<Meter.Command> key(String id) {
        return key(id, HERE);
    }

    private ActorRef<Meter.Command> key(String id, long host) {
        return KIT.spawn(Meter.ofKey(id, store, common(host), shares, this::instant, placement));
    }

    private ActorRef<Meter.Command> key(String id, Limits limits) {
        return key(id, HERE, limits);
    }

    private ActorRef<Meter.Command> key(String id, long host, Limits limits) {
        ActorRef<Meter.Command> meter = key(id, host);
        done(meter, new Meter.Create(KEY.withLimits(limits), operator.getRef()));
        return meter;
    }

    private MeterView done(ActorRef<Meter.Command> meter, Meter.Admin admin) {
        meter.tell(admin);
        return operator.expectMessageClass(AdminReply.Done.class).meter();
    }

    private HoldId reserve(ActorRef<Meter.Command> meter, String hash, Need need) {
        return reserve(meter, hash, need, 10_000);
    }

    private HoldId reserve(ActorRef<Meter.Command> meter, String hash, Need need, long millis) {
        HoldId hold = new HoldId(HERE, ++sequence);
        meter.tell(new Meter.Reserve(hold, hash, "gpt", need, null, now.get() + millis, door.getRef()));
        return hold;
    }

    private Decision.Granted granted(ActorRef<Meter.Command> meter, String hash, Need need) {
        reserve(meter, hash, need);
        Decision decision = door.receiveMessage().decision();
        assertThat(decision).isInstanceOf(Decision.Granted.class);
        return (Decision.Granted) decision;
    }

    private void settle(ActorRef<Meter.Command> meter, Decision.Granted grant, long tokens) {
        meter.tell(new Meter.Settle(
                grant.hold(), grant.epoch(), "gpt", null, CALL, new Need(1, tokens, 0, 0, true), true, acks.getRef()));
        assertThat(acks.receiveMessage().hold()).isEqualTo(grant.hold());
    }

    private long committed(ActorRef<Meter.Command> meter, Standing.LimitKind kind) {
        return done(meter, new Meter.Inspect(operator.getRef())).standings().stream()
                .filter(standing -> standing.kind() == kind)
                .findFirst()
                .orElseThrow()
                .committed();
    }

    @Test
    void theCallsOfAKeyThatWasDeletedAreSettledWithItsTeam() {
        ActorRef<Meter.Command> team = team(Limits.NONE.withTpm(1000).withSlots(2));
        ActorRef<Meter.Command> key = key("k", Limits.NONE);
        Decision.Granted first = granted(key, "k", CALL);
        Decision.Granted second = granted(key, "k", CALL);
        done(key, new Meter.Delete(operator.getRef()));

        settle(key, first, 4);
        done(key, new Meter.Create(KEY, operator.getRef()));
        settle(key, second, 30);
        settle(key, second, 30);

        assertThat(committed(team, Standing.LimitKind.TOKENS)).isEqualTo(34);
        granted(key, "k", CALL);
        granted(key, "k", CALL);
        reserve(key, "k", CALL);
        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Exceeded.class);
    }

    @Test
    void theCallsOfAKeyThatWasDeletedAreChargedWhatTheyHeldWhereItsMeterEnds() {
        ActorRef<Meter.Command> team = team(Limits.NONE.withTpm(1000).withSlots(1));
        ActorRef<Meter.Command> key = key("k", Limits.NONE);
        granted(key, "k", CALL);
        done(key, new Meter.Delete(operator.getRef()));

        key.tell(Meter.Stop.INSTANCE);
        acks.expectTerminated(key, Duration.ofSeconds(3));

        assertThat(committed(team, Standing.LimitKind.TOKENS)).isEqualTo(10);
        granted(key("other", Limits.NONE), "other", CALL);
    }

    @Test
    void aCallForWhichThereWasNoRoomWaitsForNothing() {
        team(Limits.NONE.withTpm(10_000_000));
        ActorRef<Meter.Command> key = key("k", Limits.NONE);
        granted(key, "k", CALL);
        way = Way.LOST;
        int refused = 0;
        while (refused < 100) {
            reserve(key, "k", new Need(1, 1000, 0, 0, true), 300_000);
            refused = (int) sequence - 1 - 1000;
        }
        for (int i = 0; i < 100; i++) {
            assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Unavailable.class);
        }

        wants.clear();
        operator.awaitAssert(() -> {
            assertThat(wants).isNotEmpty();
            return null;
        });

        assertThat(wants.getLast().lines().getFirst().need()).isLessThanOrEqualTo(1000 * 1000);
    }

    @Test
    void anAccountThatCouldNotAnswerIsAskedAgain() {
        team(Limits.NONE.withRpm(10));
        ActorRef<Meter.Command> key = key("k", Limits.NONE);
        granted(key, "k", new Need(10, 0, 0, 0, true));
        way = Way.REFUSED;
        reserve(key, "k", CALL);
        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Unavailable.class);

        way = Way.OPEN;

        operator.awaitAssert(Duration.ofSeconds(5), () -> {
            reserve(key, "k", CALL);
            assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Exceeded.class);
            return null;
        });
    }

    /** Of a team of which nothing is known yet. */
    @Test
    void callsBelowATeamThatCannotAnswerAreRefusedAndItIsNotAskedWithoutAPause() {
        team(Limits.NONE.withRpm(1000));
        way = Way.REFUSED;
        nodes.keepers.clear();
        Shares others = new Shares(HERE, ZoneOffset.UTC, this::send);
        keeper(others);
        others.exists(TEAM);
        key("k", Limits.NONE);
        ActorRef<Meter.Command> key =
                KIT.spawn(Meter.ofKey("k", store, common(HERE), others, this::instant, placement));
        wants.clear();

        reserve(key, "k", CALL);
        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Unavailable.class);
        done(key, new Meter.Inspect(operator.getRef()));
        operator.expectNoMessage(Duration.ofSeconds(1));

        assertThat(wants).hasSizeBetween(2, 6);
    }

    @Test
    void whatWasUsedBeyondASliceIsSaidUntilItIsHeard() {
        ActorRef<Meter.Command> team = team(Limits.NONE.withTpm(10));
        ActorRef<Meter.Command> key = key("k", Limits.NONE);
        Decision.Granted grant = granted(key, "k", CALL);
        way = Way.LOST;
        key.tell(new Meter.Settle(
                grant.hold(), grant.epoch(), "gpt", null, CALL, new Need(1, 25, 0, 0, true), true, acks.getRef()));
        operator.awaitAssert(() -> {
            assertThat(wants.getLast().lines().getFirst().over()).isEqualTo(15);
            return null;
        });
        acks.expectNoMessage(Duration.ofMillis(50));

        way = Way.OPEN;

        assertThat(acks.receiveMessage().hold()).isEqualTo(grant.hold());
        assertThat(committed(team, Standing.LimitKind.TOKENS)).isEqualTo(25);
    }

    /** Its door says that it runs when the node of its meter is gone; until then the call goes on, and may need more. */
    @Test
    void aCallThatAskedForMoreBeforeItsDoorSaidThatItRunsHasItsSlot() {
        team(Limits.NONE.withSlots(2).withTpm(1000));
        atWork.add(9L);
        ActorRef<Meter.Command> key = key("k", 9, Limits.NONE.withSlots(2).withTpm(1000));
        HoldId hold = new HoldId(HERE, ++sequence);
        MeterState row = store.existing("k");
        KIT.stop(key);
        ActorRef<Meter.Command> next = key("k");
        TestProbe<ToppedUp> toppedUp = KIT.createTestProbe();

        next.tell(new Meter.TopUp(
                hold, row.epoch(), 1, "gpt", null, Need.ofMore(5, 0, true), now.get() + 10_000, toppedUp.getRef()));
        assertThat(toppedUp.receiveMessage().decision()).isInstanceOf(Decision.Granted.class);
        next.tell(new Meter.Reopen(hold, row.epoch(), "gpt", null, 1, reopened.getRef()));
        next.tell(new Meter.Reopen(hold, row.epoch(), "gpt", null, 1, reopened.getRef()));
        reopened.receiveMessage();
        reopened.receiveMessage();
        atWork.remove(9L);
        next.tell(Meter.NodesMoved.INSTANCE);

        granted(next, "k", CALL);
        reserve(next, "k", CALL);
        assertThat(door.receiveMessage().decision()).isInstanceOf(Decision.Exceeded.class);
        reserve(key("other", Limits.NONE), "other", CALL);
        assertThat(door.receiveMessage().decision()).as("nor has its team more").isInstanceOf(Decision.Exceeded.class);
    }

    @Test
    void aDeletionIsSaidUntilEveryNodeHasHeardOfItAndByTheNextOwnerToo() {
        TestProbe<Keeper.Command> other = KIT.createTestProbe();
        ActorRef<Meter.Command> team = team(Limits.NONE.withRpm(5));
        atWork.add(2L);
        nodes.keepers.put(2L, other.getRef());
        Meter.Delete delete = new Meter.Delete(operator.getRef());

        team.tell(delete);
        Keeper.Deleted lost = other.expectMessageClass(Keeper.Deleted.class);
        assertThat(other.expectMessageClass(Keeper.Deleted.class)).isEqualTo(lost);
        operator.expectNoMessage(Duration.ofMillis(50));
        KIT.stop(team);
        ActorRef<Meter.Command> next = team();
        next.tell(delete);
        Keeper.Deleted again = other.expectMessageClass(Keeper.Deleted.class);
        while (again.replyTo().equals(lost.replyTo())) {
            again = other.expectMessageClass(Keeper.Deleted.class);
        }
        next.tell(new Meter.Heard(2, again.number(), null));

        operator.expectMessageClass(AdminReply.Done.class);
    }

    @Test
    void anOldDeletionSaysNothingOfATeamThatWasMadeAnew() {
        ActorRef<Meter.Command> team = team(Limits.NONE.withRpm(5));
        long born = store.existing(TEAM.toString()).born();
        done(team, new Meter.Delete(operator.getRef()));
        done(team, new Meter.Create(settings(Limits.NONE.withRpm(5)), operator.getRef()));

        shares.deleted(TEAM, born);

        granted(key("k", Limits.NONE), "k", CALL);
    }
}
