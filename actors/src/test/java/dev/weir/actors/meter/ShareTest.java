package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.Limits;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What a node forgets of an account, and what it believes when it comes back to it. */
class ShareTest {

    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final AccountId TEAM = AccountId.team("t");
    private static final long NOW = 1_800_000_000_000L;
    private static final Need CALL = Need.ofCall(1, 0, true);

    private final AtomicLong sequences = new AtomicLong();
    private final ActorRef<Keeper.Command> keeper =
            KIT.<Keeper.Command>createTestProbe().getRef();
    private final ActorRef<Meter.Command> watcher =
            KIT.<Meter.Command>createTestProbe().getRef();
    private final AccountBook book = book();
    private MeterState row = book.durable();
    private long nonce;

    private static AccountBook book() {
        AccountSettings settings = AccountSettings.unlimited(AccountId.Kind.TEAM)
                .withLimits(Limits.NONE.withRpm(40).withSlots(9));
        return book(TEAM, settings);
    }

    private static AccountBook book(AccountId account, AccountSettings settings) {
        MeterSettings common = new MeterSettings(
                1,
                ZoneOffset.UTC,
                MeterSettings.Unpriced.REJECT,
                Duration.ofMinutes(1),
                0,
                10,
                new FakeNodes(incarnation -> true));
        return AccountBook.ofCreated(
                account,
                MeterState.created(account.toString(), settings, 1, NOW).next(1),
                common);
    }

    @AfterAll
    static void close() {
        KIT.shutdownTestKit();
    }

    private Share share() {
        return new Share(TEAM, ZoneOffset.UTC, sequences::incrementAndGet);
    }

    private Allotted answer(Want want) {
        book.want(want);
        book.plan(state -> state, NOW, ++nonce).ifPresent(next -> {
            row = next;
            book.written(next);
        });
        return book.answers().getFirst().allotted();
    }

    private void talk(Share share) {
        talk(share, 1);
    }

    private void talk(Share share, long node) {
        share.told(answer(share.want(node, NOW, keeper)), NOW);
    }

    private static Ask ask(long call) {
        return new Ask(new HoldId(1, call), "k", "m", CALL, null, 0, 0, true);
    }

    /** A share that had a call, which is over. */
    private Share used() {
        Share share = share();
        talk(share);
        share.await(ask(1), watcher);
        talk(share);
        share.forget(ask(1).hold());
        share.hold(ask(1), NOW);
        share.settle(ask(1).hold(), Need.NONE, CALL, true);
        share.isIdle();
        return share;
    }

    @Test
    void whoeverHasOneThatWasLetGoLocksTheOneInItsPlace() {
        Deque<Want> wants = new ArrayDeque<>();
        Shares shares = new Shares(1, ZoneOffset.UTC, wants::add);
        shares.keeper(keeper);
        shares.exists(TEAM);
        Share had = Objects.requireNonNull(shares.locked(shares.find(TEAM)));
        assertThat(shares.isKnown(had, watcher)).isFalse();
        had.unlock();
        while (shares.open(TEAM) == had) {
            assertThat(had.isLetGo()).isFalse();
            for (Want want = wants.poll(); want != null; want = wants.poll()) {
                shares.told(answer(want), NOW);
            }
            shares.tidy(NOW);
        }

        Share now = Objects.requireNonNull(shares.locked(had));
        now.unlock();
        assertThat(now).isNotSameAs(had).isSameAs(shares.find(TEAM));

        shares.deleted(TEAM, Long.MAX_VALUE);
        assertThat(shares.locked(had)).isNull();
    }

    @Test
    void isForgottenWhenItsMeterHasWhatItGaveBack() {
        Share share = used();
        assertThat(share.isIdle()).isTrue();
        share.retire();
        Want lost = share.want(1, NOW, keeper);

        while (!share.isLate()) {
            assertThat(share.isRetired()).isFalse();
        }
        assertThat(share.isRetired()).as("nobody has answered").isFalse();
        assertThat(share.wants(NOW)).as("it is said again").isTrue();

        talk(share);
        assertThat(share.isRetired()).isTrue();
        assertThat(row.limits())
                .allSatisfy(limit ->
                        assertThat(limit.committed()).isEqualTo(limit.id().kind() == LimitId.Kind.SLOTS ? 0 : 1));
        book.want(lost);
        assertThat(book.isQuiet()).as("an older message").isTrue();
    }

    /** An operator changes something of an account that this node has let go: what it used here is used. */
    @Test
    void whatItHadUsedIsNotFreeWhenTheFirstWordOfItIsAChange() {
        Share former = used();
        former.retire();
        talk(former);
        assertThat(former.isRetired()).isTrue();
        Share share = share();

        share.changed(row.born(), row.version() + 1, (AccountSettings) row.settings());
        talk(share);

        ShareSlice requests = share.slices().stream()
                .filter(slice -> slice.id().kind() == LimitId.Kind.RATE)
                .findFirst()
                .orElseThrow();
        assertThat(requests.used()).isEqualTo(1);
        assertThat(requests.fit(1, NOW)).isEqualTo(Portion.Fit.SHORT);
    }

    @Test
    void isNotForgottenWhenSomebodyUsesItMeanwhile() {
        Share share = used();
        share.retire();
        Want want = share.want(1, NOW, keeper);
        share.await(ask(2), watcher);
        share.told(answer(want), NOW);

        assertThat(share.isRetired()).isFalse();
    }

    @Test
    void doesNotListenToAnswersToTheOneBefore() {
        Share first = used();
        Allotted before = answer(first.want(1, NOW, keeper));
        first.retire();
        talk(first);

        Share second = share();
        second.told(before, NOW);
        assertThat(second.settings()).isNull();
        Want sync = second.want(1, NOW, keeper);
        second.told(before, NOW);
        assertThat(second.settings()).isNull();
        second.told(answer(sync), NOW);

        assertThat(second.slices())
                .allSatisfy(slice -> assertThat(slice.piece()).isEqualTo(slice.used()));
    }

    /** A call of node 1 that goes to node 2, where nothing of the account is known. */
    private Share[] moved() {
        Share from = share();
        talk(from);
        from.await(ask(1), watcher);
        talk(from);
        from.forget(ask(1).hold());
        from.hold(ask(1), NOW);
        Share to = share();
        from.part(ask(1).hold()).forEach(part -> to.take(ask(1).hold(), "m", part, 1L));
        return new Share[] {from, to};
    }

    private void everybodyLeaves(Share... shares) {
        for (int node = 1; node <= shares.length; node++) {
            shares[node - 1].leave();
            talk(shares[node - 1], node);
            talk(shares[node - 1], node);
        }
    }

    @Test
    void aCallThatHasMovedIsGivenBackByTheNodeThatHasIt() {
        Share[] shares = moved();
        talk(shares[1], 2);
        talk(shares[1], 2);
        talk(shares[0], 1);
        assertThat(shares[0].slices()).extracting(ShareSlice::used).containsExactly(0L, 0L);

        shares[1].settle(ask(1).hold(), Need.NONE, Need.NONE, false);
        everybodyLeaves(shares);

        assertThat(row.limits())
                .allSatisfy(limit -> assertThat(limit.committed()).isZero());
    }

    /** That node may be gone, and its slots free: another one's are not to be used again. */
    @Test
    void aSlotThatHasMovedGoesBackWhenItsCallEnds() {
        Share[] shares = moved();
        talk(shares[1], 2);
        talk(shares[1], 2);
        long before = shares[1].charged();

        shares[1].settle(ask(1).hold(), Need.NONE, CALL, true);

        assertThat(shares[1].slices())
                .filteredOn(slice -> slice.id().kind() == LimitId.Kind.SLOTS)
                .singleElement()
                .satisfies(slice -> assertThat(slice.piece()).isZero());
        assertThat(shares[1].charged()).as("its meter is told").isGreaterThan(before);
    }

    @Test
    void aCallThatEndsBeforeItsNodeKnowsWhatItHasEndsThen() {
        Share[] shares = moved();
        long before = shares[1].charged();

        assertThat(shares[1].settle(ask(1).hold(), Need.NONE, Need.NONE, false)).isTrue();
        assertThat(shares[1].charged()).as("its end is not acknowledged yet").isGreaterThan(before);
        assertThat(shares[1].isIdle()).isFalse();
        talk(shares[1], 2);
        talk(shares[1], 2);
        everybodyLeaves(shares);

        assertThat(row.limits())
                .allSatisfy(limit -> assertThat(limit.committed()).isZero());
    }

    @Test
    void aNodeThatWasLeftByACallIsNotForgottenBeforeItHasHeardWhoHasItsSlot() {
        Share[] shares = moved();
        shares[0].isIdle();
        assertThat(shares[0].isIdle()).isFalse();
        talk(shares[1], 2);
        talk(shares[1], 2);
        talk(shares[0], 1);

        shares[0].isIdle();
        assertThat(shares[0].isIdle()).isTrue();
    }

    /** A stream outlasts the minute that its end user was counted in, and moves when that is forgotten. */
    @Test
    void aCallOfAnEndUserWhoseWindowsAreForgottenHasNothingOfThem() {
        AccountId group = AccountId.endUsers(TEAM.toString(), "e");
        EndUserPolicy policy = new EndUserPolicy(1, Limits.NONE.withRpm(5));
        AccountBook meter = book(group, policy.settings());
        Ask ask = new Ask(new HoldId(1, 1), "k", "m", CALL, "e", 0, 0, true);
        Share from = Share.ofEndUsers(group, ZoneOffset.UTC, sequences::incrementAndGet);
        from.policy(policy);
        from.await(ask, watcher);
        talk(meter, from, 1, NOW);
        from.await(ask, watcher);
        talk(meter, from, 1, NOW);
        from.forget(ask.hold());
        from.hold(ask, NOW);
        List<Hold.Part> parts = from.part(ask.hold());
        assertThat(parts)
                .singleElement()
                .satisfies(part -> assertThat(part.pieces()).hasSize(1));

        long later = NOW + 600_000;
        Ask other = new Ask(new HoldId(2, 1), "k", "m", CALL, "another", 0, 0, true);
        for (int i = 0; i < 3; i++) {
            from.await(other, watcher);
            talk(meter, from, 1, later);
        }
        assertThat(meter.durable().limits())
                .extracting(limit -> limit.id().endUser())
                .containsExactly("another");

        Share to = Share.ofEndUsers(group, ZoneOffset.UTC, sequences::incrementAndGet);
        to.policy(policy);
        parts.forEach(part -> to.take(ask.hold(), "m", part, 1L));
        talk(meter, to, 2, later);
        talk(meter, to, 2, later);
        assertThat(to.owes()).as("there is nothing more to say of it").isFalse();

        assertThat(to.settle(ask.hold(), Need.NONE, CALL, true)).isTrue();
        assertThat(to.owes()).isFalse();
    }

    private void talk(AccountBook meter, Share share, long node, long now) {
        meter.want(share.want(node, now, keeper));
        meter.plan(state -> state, now, ++nonce).ifPresent(meter::written);
        share.told(meter.answers().getFirst().allotted(), now);
    }

    /** Others open windows while a stream runs that began in one before. */
    @Test
    void whatIsUsedBeyondASliceIsChargedOnceHoweverManyWindowsLaterItIsHeard() {
        AccountBook meter =
                book(TEAM, AccountSettings.unlimited(AccountId.Kind.TEAM).withLimits(Limits.NONE.withTpm(10)));
        Need ten = new Need(1, 10, 0, 0, true);
        Ask stream = new Ask(new HoldId(1, 1), "k", "m", ten, null, 0, 0, true);
        Share one = share();
        talk(meter, one, 1, NOW);
        one.await(stream, watcher);
        talk(meter, one, 1, NOW);
        one.forget(stream.hold());
        one.hold(stream, NOW);
        Share two = share();
        talk(meter, two, 2, NOW);
        for (int window = 1; window <= 3; window++) {
            two.await(ask(window + 1), watcher);
            talk(meter, two, 2, NOW + window * 60_000L);
        }
        long now = NOW + 180_000;

        one.settle(stream.hold(), Need.NONE, new Need(1, 25, 0, 0, true), true);
        meter.want(one.want(1, now, keeper));
        meter.plan(state -> state, now, ++nonce).ifPresent(meter::written);
        meter.answers(); // which are lost
        LimitState charged = meter.durable().limits().getFirst();
        assertThat(charged.of(LimitState.holder(1)).over()).isEqualTo(15);
        two.await(ask(9), watcher);
        talk(meter, two, 2, now + 60_000);
        talk(meter, one, 1, now + 60_000);
        talk(meter, one, 1, now + 60_000);

        LimitState later = meter.durable().limits().getFirst();
        assertThat(later.gen()).isEqualTo(charged.gen() + 1);
        assertThat(later.of(LimitState.holder(1)).committed()).isZero();
        assertThat(later.carried()).isEqualTo(charged.committed() - 10);
        assertThat(one.slices()).extracting(ShareSlice::over).containsExactly(0L);
    }

    /** A node that dies takes along what it has. */
    @Test
    void noMoreThanAFiftiethOfALimitIsAtANodeUnused() {
        AccountSettings settings =
                AccountSettings.unlimited(AccountId.Kind.TEAM).withLimits(Limits.NONE.withRpm(1000));
        AccountBook meter = book(TEAM, settings);
        Share share = share();
        talk(meter, share, 1, NOW);
        long most = 0;
        int wants = 0;

        share.await(ask(1), watcher);
        talk(meter, share, 1, NOW);
        share.forget(ask(1).hold());
        for (int call = 1; call <= 500; call++) {
            share.hold(ask(call), NOW);
            if (share.wants(NOW)) {
                talk(meter, share, 1, NOW);
                wants++;
                most = Math.max(most, meter.durable().limits().get(0).committed() - call);
            }
        }

        assertThat(most).isEqualTo(20);
        assertThat(wants).isLessThan(60);
    }

    /** What was granted and not heard of, before the limit was lowered, is not used afterwards. */
    @Test
    void whatIsHeardOfTooLateIsNoRoomInALowerLimit() {
        Share share = used();
        for (int call = 2; call < 10; call++) {
            share.await(ask(call), watcher);
        }
        answer(share.want(1, NOW, keeper)); // and its answer is lost
        AccountSettings lower = AccountSettings.unlimited(AccountId.Kind.TEAM)
                .withLimits(Limits.NONE.withRpm(1).withSlots(9));
        book.plan(state -> state.withSettings(lower, NOW, 0), NOW, ++nonce).ifPresent(next -> {
            row = next;
            book.written(next);
        });
        share.changed(row.born(), row.version(), lower);

        talk(share);

        ShareSlice requests = share.slices().stream()
                .filter(slice -> slice.id().kind() == LimitId.Kind.RATE)
                .findFirst()
                .orElseThrow();
        assertThat(requests.piece()).isEqualTo(requests.used());
    }

    /** Nodes send each other messages up to a size: whoever has no room in one is in the next. */
    @Test
    void allEndUsersOfALargeGroupAreToldOfInSeveralMessages() {
        AccountId group = AccountId.endUsers("k", "u");
        AccountSettings each = AccountSettings.unlimited(AccountId.Kind.END_USERS)
                .withLimits(Limits.NONE.withRpm(40).withTpm(50).withSlots(9));
        Share share = Share.ofEndUsers(group, ZoneOffset.UTC, sequences::incrementAndGet);
        share.policy(new EndUserPolicy(1, each.limits()));
        for (int call = 0; call < 1_000; call++) {
            share.await(new Ask(new HoldId(1, call), "k", "m", CALL, "user" + call, 0, 0, true), watcher);
        }

        Set<String> told = new HashSet<>();
        List<Integer> sizes = new ArrayList<>();
        for (int message = 0; message < 10 && told.size() < 1_000; message++) {
            Want want = share.want(1, NOW, keeper);
            want.lines().forEach(line -> told.add(String.valueOf(line.id().endUser())));
            sizes.add(want.lines().size());
            share.told(new Allotted(group, want.sequence(), new Allotted.Granted(1, 1, each, List.of())), NOW);
            assertThat(share.wants(NOW)).isTrue();
        }

        assertThat(told).hasSize(1_000);
        assertThat(sizes).allSatisfy(size -> assertThat(size).isBetween(1, 405));
    }

    /** What would be said waits in this node for meters that have nowhere to go, and keeps its region from ending. */
    @Test
    void aNodeThatRestsSaysNothingMoreUntilAnotherOnePassesItOn() {
        List<Want> wants = new ArrayList<>();
        TestInbox<Keeper.Command> other = TestInbox.create();
        Shares shares = new Shares(1, ZoneOffset.UTC, wants::add);
        shares.keeper(keeper);
        shares.exists(TEAM);
        Share share = Objects.requireNonNull(shares.find(TEAM));
        shares.ask(share, NOW);
        shares.told(answer(wants.removeFirst()), NOW);

        shares.rest();
        share.await(ask(1), watcher);
        shares.ask(share, NOW);
        shares.tick(NOW);
        shares.forward(share.want(1, NOW, keeper));
        assertThat(wants).isEmpty();

        shares.giveBack(other.getRef(), NOW);
        assertThat(wants).isEmpty();
        assertThat(other.receiveMessage()).isInstanceOf(Keeper.Forward.class);
    }
}
