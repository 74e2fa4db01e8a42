package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** The actor over a store whose mood changes at any time. */
final class MeterPropertyTest {

    private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final long NOW = Instant.parse("2026-11-20T12:00:00Z").toEpochMilli();
    private static final MemoryStore.Mood[] MOODS = MemoryStore.Mood.values();

    @AfterContainer
    static void close() {
        KIT.shutdownTestKit();
    }

    @Provide
    Arbitrary<List<Integer>> scripts() {
        return Arbitraries.integers().between(0, 1 << 20).list().ofMaxSize(40);
    }

    @Property(tries = 6) // passing time by hand takes real time
    void whateverTheStoreDoesEveryCallIsAnsweredOnceAndTheFiguresAreExact(
            @ForAll("scripts") List<Integer> script,
            @ForAll @LongRange(min = 1, max = 30) long rpm,
            @ForAll @LongRange(min = 1, max = 900) long budget) {
        Run run = new Run(rpm, budget);

        script.forEach(run::step);

        run.end(rpm);
    }

    private static final class Run {
        private final MemoryStore store = new MemoryStore();
        private final Queue<Decision> answered = new ConcurrentLinkedQueue<>();
        private final ActorRef<Decided> door = KIT.spawn(Behaviors.receiveMessage(decided -> {
            answered.add(decided.decision());
            return Behaviors.same();
        }));
        private final TestProbe<AdminReply> operator = KIT.createTestProbe(AdminReply.class);
        private final TestProbe<Ack> acks = KIT.createTestProbe(Ack.class);
        private final Map<HoldId, Need> asked = new HashMap<>();
        private final List<Decision.Granted> open = new ArrayList<>();
        private final ActorRef<Meter.Command> meter;
        private long sequence;
        private int answers;
        private int settled;
        private long begun;
        private long spent;

        Run(long rpm, long budget) {
            MeterSettings common = FakeNodes.alone(1, MeterSettings.Unpriced.REJECT, 50);
            meter = KIT.spawn(Meter.ofKey(
                    "key",
                    store,
                    common,
                    Shares.none(1, ZoneOffset.UTC),
                    () -> Instant.ofEpochMilli(NOW),
                    new FakePlacement()));
            meter.tell(new Meter.Create(Keys.key(rpm, null, null, budget, null), operator.getRef()));
            operator.receiveMessage();
        }

        void step(int code) {
            int argument = code >> 3;
            switch (code & 7) {
                case 0, 1, 2 -> reserve(1 + argument % 50);
                case 3, 4 -> settle(argument);
                case 5 -> store.be(MOODS[argument % MOODS.length]);
                case 6 -> store.release();
                default -> TIME.timePasses(Duration.ofMillis(argument % 400));
            }
            view();
        }

        private MeterView view() {
            meter.tell(new Meter.Inspect(operator.getRef()));
            return operator.expectMessageClass(AdminReply.Done.class).meter();
        }

        private void reserve(long nanoUsd) {
            HoldId hold = new HoldId(1, ++sequence);
            Need need = new Need(1, 1, nanoUsd, 1, true);
            asked.put(hold, need);
            meter.tell(new Meter.Reserve(hold, "key", "m", need, null, Long.MAX_VALUE, door));
        }

        private void settle(int argument) {
            receive();
            if (!open.isEmpty()) {
                Decision.Granted grant = open.remove(argument % open.size());
                Need held = need(grant);
                boolean began = (argument & 1) == 0;
                long used = argument % 70;
                begun += began ? 1 : 0;
                spent += began ? used : 0;
                settled++;
                meter.tell(new Meter.Settle(
                        grant.hold(),
                        grant.epoch(),
                        "gpt",
                        null,
                        held,
                        new Need(1, 1, used, 1, true),
                        began,
                        acks.getRef()));
            }
        }

        private Need need(Decision.Granted grant) {
            Need need = asked.get(grant.hold());
            assertThat(need).isNotNull();
            return need == null ? Need.NONE : need;
        }

        /** What has come so far: which of its grants a call is settled for is left to the chance of the moment. */
        private void receive() {
            view();
            while (!answered.isEmpty()) {
                take(answered.remove());
            }
        }

        private void take(Decision decision) {
            answers++;
            if (decision instanceof Decision.Granted grant) {
                open.add(grant);
            }
        }

        void end(long rpm) {
            store.release();
            for (int i = 0; i < 3; i++) {
                TIME.timePasses(Duration.ofSeconds(2));
                view();
            }
            operator.awaitAssert(() -> {
                receive();
                assertThat(answers).isEqualTo(sequence);
                return answers;
            });
            acks.receiveSeveralMessages(settled);
            long held = open.stream().mapToLong(grant -> need(grant).nanoUsd()).sum();
            MeterView view = view();
            assertThat(view.openHolds()).isEqualTo(open.size());
            assertThat(view.standings().get(0).committed())
                    .isEqualTo(open.size() + begun)
                    .isLessThanOrEqualTo(rpm);
            assertThat(view.standings().get(1).committed()).isEqualTo(held + spent);
            assertThat(store.existing("key").limits().get(1).committed())
                    .as("durable before use")
                    .isGreaterThanOrEqualTo(held + spent);
            KIT.stop(meter);
            KIT.stop(door);
        }
    }
}
