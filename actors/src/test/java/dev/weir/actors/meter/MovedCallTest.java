package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call runs while its key's meter goes from node 1 to node 2, which is asked by the call's door whether it knows the call. */
class MovedCallTest {

    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final AccountId TEAM = AccountId.team("t");
    private static final long NOW = 1_800_000_000_000L;
    private static final KeySettings KEY = new KeySettings(
            null,
            List.of(),
            null,
            "t",
            null,
            Limits.NONE,
            null,
            null,
            KeySettings.KeyType.DEFAULT,
            Map.of(),
            List.of(),
            false);
    private static final Need CALL = Need.ofCall(1, 0, true);
    private static final Ask ASK = new Ask(new HoldId(3, 1), "k", "m", CALL, null, 0, 0, true);

    private final Deque<Want> wants = new ArrayDeque<>();
    private final TestInbox<Meter.Command> meter = TestInbox.create();
    private final ActorRef<Meter.Command> watcher = meter.getRef();
    private final AccountBook book = book();
    private long nonce;

    private static MeterSettings common(long host) {
        return common(host, 0);
    }

    /** @param overage in thousandths */
    private static MeterSettings common(long host, int overage) {
        return new MeterSettings(
                host,
                ZoneOffset.UTC,
                MeterSettings.Unpriced.REJECT,
                Duration.ofMinutes(1),
                overage,
                10,
                new FakeNodes(incarnation -> true));
    }

    private static AccountBook book() {
        AccountSettings settings = AccountSettings.unlimited(AccountId.Kind.TEAM)
                .withLimits(Limits.NONE.withTpm(1_000).withSlots(6));
        MeterState row = MeterState.created(TEAM.toString(), settings, 1, NOW).next(1);
        return AccountBook.ofCreated(TEAM, row, common(1));
    }

    @AfterAll
    static void close() {
        KIT.shutdownTestKit();
    }

    private Shares shares(long node) {
        Shares shares = new Shares(node, ZoneOffset.UTC, wants::add);
        shares.keeper(KIT.<Keeper.Command>createTestProbe().getRef());
        shares.exists(TEAM);
        return shares;
    }

    private void talk(Shares shares) {
        while (!wants.isEmpty()) {
            book.want(wants.poll());
            book.plan(state -> state, NOW, ++nonce).ifPresent(book::written);
            book.answers().forEach(answer -> shares.told(answer.allotted(), NOW));
        }
    }

    /** The row that node 1 leaves. */
    private MeterState left() {
        Shares shares = shares(1);
        MeterState row = MeterState.created("k", KEY, 1, NOW).next(1);
        Purse purse = Purse.ofCreated(row, common(1), shares, watcher);
        while (purse.reserve(ASK, NOW).isEmpty()) {
            purse.queue(ASK, NOW);
            talk(shares);
            purse.unqueue();
        }
        return purse.leaving(2);
    }

    @Test
    void isKnownThereWhenItsAccountsKnowWhereItIs() {
        MeterState row = left();
        Shares shares = shares(2);
        Purse purse = new Purse(row, 0, common(2), shares, watcher);

        Debt debt = purse.reopen(ASK.hold(), 1, "m", null, 1).orElseThrow();

        assertThat(debt.marks()).hasSize(1);
        assertThat(debt.marks())
                .noneSatisfy((share, mark) -> assertThat(share.isDurable(mark)).isTrue());
        talk(shares);
        assertThat(debt.marks())
                .allSatisfy((share, mark) -> assertThat(share.isDurable(mark)).isTrue());
        assertThat(purse.reopen(ASK.hold(), 1, "m", null, 1))
                .hasValueSatisfying(none -> assertThat(none.isNone()).isTrue());
    }

    /** The order of locks: a call that asked for more before its door said whom it is for is in it as all others are. */
    @Test
    void isChargedToItsAccountsInTheOrderOfTheirLocks() {
        List<AccountId> known = List.of(TEAM, AccountId.EVERYTHING);
        Hold hold = new Hold(ASK.hold(), "m", CALL, known, List.of(), 1);

        Hold more = hold.reopened(CALL, List.of(AccountId.customer("u"), TEAM, AccountId.EVERYTHING));

        assertThat(more.accounts()).containsExactly(TEAM, AccountId.customer("u"), AccountId.EVERYTHING);
    }

    /** Its owner crashed, and whoever has its key now does not know yet what the team counts: nothing is lost of what it used. */
    @Test
    void isSettledByWhoeverKnowsItsAccounts() {
        MeterState row = MeterState.created("k", KEY, 1, NOW).next(1).claimed(common(2));
        Shares shares = shares(2);
        Purse purse = Purse.ofCreated(row, common(2), shares, watcher);
        Need used = Need.ofCall(1, 0, true).and(Need.ofMore(7, 7, false));

        assertThat(purse.settle(new HoldId(3, 2), 1, "m", null, CALL, used, false))
                .as("a call that never began has nothing to be charged")
                .hasValue(Debt.NONE);
        assertThat(purse.settle(ASK.hold(), 1, "m", null, CALL, used, true)).isEmpty();
        talk(shares);
        Debt debt = purse.settle(ASK.hold(), 1, "m", null, CALL, used, true).orElseThrow();

        assertThat(debt.marks()).hasSize(1);
        assertThat(purse.settle(ASK.hold(), 1, "m", null, CALL, used, true)).hasValue(Debt.NONE);
    }

    /** The account's meter says first what the node has of it, and only then hears what came to it. */
    @Test
    void isAcknowledgedWhenItEndsAtOnceAndNobodyElseCalls() {
        MeterState row = left();
        Shares shares = shares(2);
        Purse purse = new Purse(row, 0, common(2), shares, watcher);
        Acks<HoldId> acks = new Acks<>(watcher);
        List<String> said = new ArrayList<>();

        acks.add(
                ASK.hold(),
                purse.settle(ASK.hold(), 1, "m", null, CALL, CALL, true).orElseThrow(),
                () -> said.add("ended"));
        talk(shares, acks);

        assertThat(said).containsExactly("ended");
        assertThat(acks.isEmpty()).isTrue();
    }

    /** The key's meter hears nothing but that shares have moved which it watches. */
    private void talk(Shares shares, Acks<HoldId> acks) {
        while (!wants.isEmpty()) {
            book.want(wants.poll());
            book.plan(state -> state, NOW, ++nonce).ifPresent(book::written);
            for (AccountBook.Answer answer : book.answers()) {
                shares.told(answer.allotted(), NOW);
                while (meter.hasMessages()) {
                    assertThat(meter.receiveMessage()).isEqualTo(Meter.SharesMoved.INSTANCE);
                    acks.tellPaid();
                }
            }
        }
    }

    private static final Need TOKENS = Need.ofCall(70, 0, true);
    private static final Need MORE = new Need(0, 64, 0, 0, true);

    /** Of a team with 100 tokens a minute and an overage, whose call holds 70 and then 64 beyond. */
    private MeterState leftBeyond(AccountBook team, Shares one, Shares two) {
        MeterState row = MeterState.created("k", KEY, 1, NOW).next(1);
        Purse purse = Purse.ofCreated(row, common(1), one, watcher);
        Ask first = new Ask(ASK.hold(), "k", "m", TOKENS, null, 0, 0, true);
        Ask second = new Ask(ASK.hold(), "k", "m", MORE, null, 1, 1, true);
        for (Ask ask : List.of(first, second)) {
            while (purse.reserve(ask, NOW).isEmpty()) {
                purse.queue(ask, NOW);
                talk(team, one, two);
                purse.unqueue();
            }
            purse.forget(ask.hold());
        }
        return purse.leaving(2);
    }

    private void talk(AccountBook team, Shares one, Shares two) {
        while (!wants.isEmpty()) {
            team.want(wants.poll());
            team.plan(state -> state, NOW, ++nonce).ifPresent(team::written);
            team.answers().forEach(answer -> (answer.to().node() == 1 ? one : two).told(answer.allotted(), NOW));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {20, 57, 70, 100, 134, 150})
    void isChargedWhatItUsedThoughItHeldMoreThanTheLimitHad(long used) {
        AccountSettings settings =
                AccountSettings.unlimited(AccountId.Kind.TEAM).withLimits(Limits.NONE.withTpm(100));
        AccountBook team = AccountBook.ofCreated(
                TEAM, MeterState.created(TEAM.toString(), settings, 1, NOW).next(1), common(1, 1000));
        Shares one = shares(1);
        Shares two = shares(2);
        Purse purse = new Purse(leftBeyond(team, one, two), 0, common(2), two, watcher);

        purse.settle(ASK.hold(), 1, "m", null, TOKENS.and(MORE), Need.ofCall(used, 0, true), true);
        talk(team, one, two);
        for (Shares each : List.of(two, one, two, one)) {
            each.giveBack(null, NOW);
            talk(team, one, two);
        }

        assertThat(team.durable().limits().get(0).committed()).isEqualTo(used);
    }
}
