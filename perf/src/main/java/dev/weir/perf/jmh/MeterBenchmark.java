package dev.weir.perf.jmh;

import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.KeyDirectory;
import dev.weir.actors.meter.LocalMeters;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.MeterSettings;
import dev.weir.actors.meter.MeterView;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Nodes;
import dev.weir.actors.meter.Shares;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One key's calls: a reservation against limits of all four kinds, and its settlement with less than it held. The meter
 * is the real one with all its turns and messages; what a message costs to get there is no part of the figure, as the
 * calls of one measurement come {@linkplain Turns within one turn}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MeterBenchmark {

    private static final int CALLS = 1000;
    static final String KEY = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
    private static final long LIMIT = 1_000_000_000_000_000L;
    private static final long SLOTS = 1000;
    private static final Need HELD = Need.ofCall(1500, 225_000, true);
    private static final Need USED = Need.ofCall(900, 135_000, true);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final KeySettings LIMITED = KeySettings.UNLIMITED
            .withAlias("ci")
            .withModels(List.of("gpt-4o", "gpt-4o-mini"))
            .of(null, "team", null)
            .withLimits(Limits.NONE
                    .withRpm(LIMIT)
                    .withTpm(LIMIT)
                    .withBudget(new Money(LIMIT), BudgetPeriod.parse("30d"))
                    .withSlots(SLOTS));

    private final ActorSystem<Object> system =
            ActorSystem.create(Behaviors.intercept(Turns::new, meter()), "bench", ConfigFactory.load());
    private final Map<String, Buckets> buckets = new ConcurrentHashMap<>(Map.of(KEY, new Buckets(LIMIT, SLOTS)));
    private long spentBefore;
    private long calls;

    private static Behavior<Meter.Command> meter() {
        return Behaviors.setup(context -> {
            Shares shares = Shares.none(1, ZoneOffset.UTC);
            LocalMeters here = new LocalMeters();
            Duration idle = Duration.ofHours(1);
            ActorRef<Keeper.Command> keeper =
                    context.spawnAnonymous(Keeper.create(shares, new KeyDirectory(), here, slowed(), idle));
            keeper.tell(new Keeper.Known(() -> {}));
            MeterSettings common = new MeterSettings(
                    1, ZoneOffset.UTC, MeterSettings.Unpriced.REJECT, idle, 50, 10, Nodes.alone(1, here, () -> keeper));
            return Meter.ofKey(KEY, new OneRow(), common, shares, slowed(), new Staying());
        });
    }

    /** It never leaves. */
    private static final class Staying implements Meter.Placement {

        @Override
        public void retire(ActorRef<Meter.Command> self) {}

        @Override
        public void forward(Meter.Command command) {}
    }

    /** Read like the real one, but a thousand times slower: no window ends in the midst of a measurement. */
    private static InstantSource slowed() {
        long start = System.currentTimeMillis();
        return () -> Instant.ofEpochMilli(start + (System.currentTimeMillis() - start) / 1000);
    }

    /** A meter reserves ahead what its demand suggests: until it has seen some, calls wait for the store. */
    @Setup
    public void raiseSlices() {
        administer(replyTo -> new Meter.Create(LIMITED, replyTo));
        for (int i = 0; i < 20 * CALLS; i++) {
            play(1);
        }
    }

    @Setup(Level.Iteration)
    public void before() {
        spentBefore = view().spentNanoUsd();
        calls = 0;
    }

    /** Every call was granted, and settled with what it used. */
    @TearDown(Level.Iteration)
    public void verify() {
        MeterView now = view();
        if (now.spentNanoUsd() - spentBefore != calls * USED.nanoUsd() || now.openHolds() != 0) {
            throw new IllegalStateException(calls + " calls, of which some were not granted: " + now);
        }
    }

    @TearDown
    public void stop() {
        system.terminate();
    }

    @Benchmark
    @OperationsPerInvocation(CALLS)
    public void weir() {
        play(CALLS);
        calls += CALLS;
    }

    @Benchmark
    public long baseline() {
        Buckets key = buckets.get(KEY);
        if (key == null) {
            throw new IllegalStateException("no such key");
        }
        long remaining = key.admit(HELD);
        if (remaining < 0) {
            throw new IllegalStateException("refused");
        }
        key.settle(HELD, USED);
        return remaining;
    }

    private void play(int count) {
        Turns.Calls play = new Turns.Calls(count, HELD, USED, system.ignoreRef(), system.ignoreRef());
        system.tell(play);
        play.played().join();
    }

    private MeterView view() {
        return administer(Meter.Inspect::new);
    }

    private MeterView administer(Function<ActorRef<AdminReply>, Meter.Command> message) {
        AdminReply reply = AskPattern.<Object, AdminReply>ask(system, message::apply, PATIENCE, system.scheduler())
                .toCompletableFuture()
                .join();
        if (reply instanceof AdminReply.Done done) {
            return done.meter();
        }
        throw new IllegalStateException("the meter said " + reply);
    }
}
