package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Meters of keys that are at work at the same moment, on several threads, below the same accounts, while these let go of what they
 * have whenever nobody uses it for some milliseconds: whatever is used is counted above, once.
 */
final class KeysOnManyThreadsTest {

    private static final ActorTestKit KIT =
            ActorTestKit.create(ConfigFactory.parseMap(Map.of("pekko.scheduler.tick-duration", "1ms"))
                    .withFallback(ConfigFactory.load()));
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long HERE = 1;
    private static final int KEYS = 2;
    private static final int CALLS = 300;
    private static final int LONGEST_PAUSE_MILLIS = 20;

    /** With so many of them it takes a moment to look through all, in which one is let go and is there still. */
    private static final int OTHER_ACCOUNTS = 10_000;

    /** Windows do not end. */
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochSecond(1_800_000_000));

    private static final Need CALL = Need.ofCall(10, 100, true);

    private final MemoryStore store = new MemoryStore();
    private final FakeNodes nodes = new FakeNodes(node -> node == HERE);
    private final Map<AccountId, ActorRef<Meter.Command>> accounts = new ConcurrentHashMap<>();
    private final Shares shares = new Shares(HERE, ZoneOffset.UTC, want -> {
        ActorRef<Meter.Command> meter = accounts.get(want.account());
        if (meter != null) {
            meter.tell(want);
        }
    });
    private final MeterSettings common = new MeterSettings(
            HERE, ZoneOffset.UTC, MeterSettings.Unpriced.REJECT, Duration.ofMinutes(1), 50, 10, nodes);
    private final AtomicLong sequence = new AtomicLong();
    private final AtomicLong tokens = new AtomicLong();

    @AfterAll
    static void close() {
        KIT.shutdownTestKit();
    }

    private static <C, A> A asked(ActorRef<C> actor, Function<ActorRef<A>, C> question) {
        return AskPattern.<C, A>ask(actor, question::apply, PATIENCE, KIT.scheduler())
                .toCompletableFuture()
                .join();
    }

    private static MeterView done(ActorRef<Meter.Command> meter, Function<ActorRef<AdminReply>, Meter.Admin> admin) {
        AdminReply reply = KeysOnManyThreadsTest.<Meter.Command, AdminReply>asked(meter, admin::apply);
        return ((AdminReply.Done) reply).meter();
    }

    private void account(AccountId id, AccountSettings settings) {
        ActorRef<Meter.Command> meter = KIT.spawn(Meter.ofAccount(id, store, common, CLOCK, new FakePlacement()));
        accounts.put(id, meter);
        done(meter, replyTo -> new Meter.Create(settings, replyTo));
    }

    private ActorRef<Meter.Command> key(String id) {
        ActorRef<Meter.Command> meter = KIT.spawn(Meter.ofKey(id, store, common, shares, CLOCK, new FakePlacement()));
        done(meter, replyTo -> new Meter.Create(KeySettings.UNLIMITED.of("u", "t", "o"), replyTo));
        return meter;
    }

    private void call(ActorRef<Meter.Command> key, String id, Random random) {
        long notAfter = CLOCK.millis() + PATIENCE.toMillis();
        HoldId hold = new HoldId(HERE, sequence.incrementAndGet());
        Decided decided = asked(key, replyTo -> new Meter.Reserve(hold, id, "gpt", CALL, null, notAfter, replyTo));
        Decision.Granted granted = (Decision.Granted) decided.decision();
        int used = random.nextInt(1, 11);
        Need all = new Need(1, used, 0, 0, true);
        KeysOnManyThreadsTest.<Meter.Command, Ack>asked(
                key, replyTo -> new Meter.Settle(hold, granted.epoch(), "gpt", null, CALL, all, true, replyTo));
        tokens.addAndGet(used);
    }

    /** Long enough, now and then, for what nobody uses to be let go. */
    private static void pause(Random random) {
        try {
            TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_PAUSE_MILLIS)); // the load's own pace
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whatKeysUseAtTheSameMomentIsCountedAbove() throws InterruptedException {
        ActorRef<Keeper.Command> keeper =
                KIT.spawn(Keeper.create(shares, new KeyDirectory(), nodes.here, CLOCK, Duration.ofMillis(1)));
        keeper.tell(new Keeper.Known(() -> {}));
        nodes.keepers.put(HERE, keeper);
        Limits many = Limits.NONE.withTpm(1_000_000).withSlots(1_000);
        for (AccountId.Kind kind : List.of(AccountId.Kind.ORGANIZATION, AccountId.Kind.TEAM, AccountId.Kind.USER)) {
            AccountId id = new AccountId(kind, kind.prefix().substring(0, 1));
            account(id, AccountSettings.unlimited(kind).withLimits(many));
        }
        for (int i = 0; i < OTHER_ACCOUNTS; i++) {
            AccountId other = AccountId.team("other" + i);
            shares.exists(other);
            shares.find(other);
        }
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            String id = "k" + i;
            ActorRef<Meter.Command> key = key(id);
            Random random = new Random(i);
            callers.add(Thread.ofVirtual().start(() -> {
                for (int call = 0; call < CALLS; call++) {
                    call(key, id, random);
                    pause(random);
                }
            }));
        }
        for (Thread caller : callers) {
            caller.join();
        }

        assertThat(tokens.get()).isGreaterThan(KEYS * CALLS);
        accounts.forEach((id, meter) -> {
            List<Standing> standings =
                    done(meter, replyTo -> new Meter.Inspect(replyTo)).standings();
            assertThat(standings).as(id.toString()).hasSize(2);
            for (Standing standing : standings) {
                boolean slots = standing.kind() == Standing.LimitKind.MAX_PARALLEL_REQUESTS;
                assertThat(standing.committed()).as("%s", standing).isEqualTo(slots ? 0 : tokens.get());
                assertThat(standing.held()).as("%s", standing).isZero();
            }
        });
    }
}
