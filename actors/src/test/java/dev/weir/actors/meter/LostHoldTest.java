package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limit;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * A call ends whose hold was lost with the owner of its key's meter. What it held is charged already, wherever; what it used beyond
 * that is charged to all whom it is about.
 */
class LostHoldTest {

    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final long NOW = 1_800_000_000_000L;
    private static final AccountId TEAM = AccountId.team("t");
    private static final AccountId USER = AccountId.user("u");
    private static final AccountId CUSTOMER = AccountId.customer("ann");
    private static final AccountId GROUP = AccountId.endUsers(TEAM.toString(), "ann");
    private static final Limits EACH = Limits.NONE.withTpm(1_000);
    private static final Limits OF_MODELS = Limits.NONE.withModel(tokensOf("m")).withModel(tokensOf("other"));
    private static final HoldId LOST = new HoldId(3, 1);
    private static final Need HELD = new Need(1, 10, 100, 1, true);
    private static final Need USED = new Need(1, 25, 300, 0, true);

    private final Deque<Want> wants = new ArrayDeque<>();
    private final ActorRef<Meter.Command> watcher =
            TestInbox.<Meter.Command>create().getRef();
    private final MeterSettings common = new MeterSettings(
            2,
            ZoneOffset.UTC,
            MeterSettings.Unpriced.REJECT,
            Duration.ofMinutes(1),
            0,
            10,
            new FakeNodes(incarnation -> true));
    private final Map<AccountId, AccountBook> books = new HashMap<>();
    private final Shares shares = new Shares(2, ZoneOffset.UTC, wants::add);
    private long nonce;

    private static Limit tokensOf(String model) {
        return new Limit(Limit.Of.TOKENS, 1_000, BudgetPeriod.parse("60s"), model);
    }

    @AfterAll
    static void close() {
        KIT.shutdownTestKit();
    }

    private void open(AccountId account, AccountSettings settings) {
        MeterState row =
                MeterState.created(account.toString(), settings, 1, NOW).next(1);
        books.put(account, AccountBook.ofCreated(account, row, common));
        if (account.kind() != AccountId.Kind.END_USERS) {
            shares.exists(account);
        }
    }

    private void talk() {
        while (!wants.isEmpty()) {
            Want want = wants.poll();
            AccountBook book = Objects.requireNonNull(books.get(want.account()));
            book.want(want);
            book.plan(state -> state, NOW, ++nonce).ifPresent(book::written);
            book.answers().forEach(answer -> shares.told(answer.allotted(), NOW));
        }
    }

    /** What each limit of an account was charged beyond what nodes had of it. */
    private Map<String, Long> beyond(AccountId account) {
        return beyond(Objects.requireNonNull(books.get(account)).durable(), LimitState.holder(2));
    }

    private static Map<String, Long> beyond(MeterState row, String holder) {
        return row.limits().stream()
                .collect(Collectors.toMap(
                        limit -> name(limit.id()), limit -> limit.of(holder).over()));
    }

    private static String name(LimitId id) {
        return id.unit()
                + (id.model() == null ? "" : " of " + id.model())
                + (id.endUser() == null ? "" : " of " + id.endUser());
    }

    /** The meter of the key now. Its accounts limit models, end users and money, not all of which the call pays. */
    private Purse purse() {
        shares.keeper(KIT.<Keeper.Command>createTestProbe().getRef());
        open(
                TEAM,
                AccountSettings.unlimited(AccountId.Kind.TEAM)
                        .withLimits(OF_MODELS.withBudget(new Money(1_000), null).withEndUsers(EACH)));
        open(
                USER,
                AccountSettings.unlimited(AccountId.Kind.USER)
                        .withLimits(Limits.NONE.withTpm(1_000).withBudget(new Money(1_000), null)));
        open(CUSTOMER, AccountSettings.unlimited(AccountId.Kind.CUSTOMER).withLimits(EACH));
        open(GROUP, AccountSettings.ofEndUsers(EACH));
        KeySettings key = new KeySettings(
                null,
                List.of(),
                "u",
                "t",
                null,
                OF_MODELS,
                null,
                null,
                KeySettings.KeyType.DEFAULT,
                Map.of(),
                List.of(),
                false);
        MeterState row = MeterState.created("k", key, 1, NOW).next(1).claimed(common);
        return Purse.ofCreated(row, common, shares, watcher);
    }

    private void settle(Purse purse, Need held, Need used) {
        while (purse.settle(LOST, 1, "m", "ann", held, used, true).isEmpty()) {
            assertThat(wants).isNotEmpty();
            talk();
        }
        talk();
    }

    @Test
    void isChargedToItsModelsAndItsEndUsersLimitsAndToWhoPays() {
        Purse purse = purse();

        settle(purse, HELD, USED);

        assertThat(beyond(TEAM)).isEqualTo(Map.of("TOKENS of m", 15L, "TOKENS of other", 0L, "NANO_USD", 200L));
        assertThat(beyond(USER)).isEqualTo(Map.of("TOKENS", 15L, "NANO_USD", 0L));
        assertThat(beyond(CUSTOMER)).isEqualTo(Map.of("TOKENS", 15L));
        assertThat(beyond(GROUP)).isEqualTo(Map.of("TOKENS of ann", 15L));
        assertThat(beyond(purse.plan(state -> state, List.of(), NOW, 2).orElseThrow(), LimitState.SELF))
                .isEqualTo(Map.of("TOKENS of m", 15L, "TOKENS of other", 0L));
    }

    /** It asks for more at an owner that does not know it, and ends before its door has said that it runs. */
    @Test
    void isItsEndUsersAlsoInWhatItHeldLater() {
        Purse purse = purse();
        Need more = new Need(0, 20, 0, 0, true);
        Ask ask = new Ask(LOST, "", "m", more, "ann", 1, 1, true);
        while (purse.reserve(ask, NOW).isEmpty()) {
            purse.queue(ask, NOW);
            purse.plan(state -> state, List.of(ask), NOW, ++nonce).ifPresent(purse::written);
            talk();
            purse.unqueue();
        }
        purse.forget(LOST);

        settle(purse, HELD.and(more), new Need(1, 45, 0, 0, true));

        for (AccountId account : List.of(TEAM, CUSTOMER, GROUP)) {
            for (int i = 0; i < 2; i++) {
                shares.giveBack(null, NOW);
                talk();
            }
            assertThat(Objects.requireNonNull(books.get(account)).durable().limits())
                    .filteredOn(limit -> limit.id().unit() == LimitId.Unit.TOKENS
                            && limit.id().isAbout("m"))
                    .extracting(LimitState::committed)
                    .as("%s: 35 of 45, for a node that is gone was charged ten", account)
                    .containsExactly(35L);
        }
    }
}
