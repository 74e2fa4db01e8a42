package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an operator changes is sent again until it is answered, and is made once. */
final class RepeatedChangeTest {

    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private static final long HOST = 7;

    private final ActorTestKit kit = ActorTestKit.create();
    private final MemoryStore store = new MemoryStore();
    private final TestProbe<AdminReply> operator = kit.createTestProbe(AdminReply.class);
    private ActorRef<Meter.Command> meter = meter();

    @AfterEach
    void close() {
        kit.shutdownTestKit();
    }

    private ActorRef<Meter.Command> meter() {
        return kit.spawn(Meter.ofKey(
                "key",
                store,
                FakeNodes.alone(HOST, MeterSettings.Unpriced.REJECT, 50),
                Shares.none(HOST, ZoneOffset.UTC),
                () -> NOW,
                new FakePlacement()));
    }

    private long version() {
        return operator.expectMessageClass(AdminReply.Done.class).meter().version();
    }

    private void create() {
        meter.tell(new Meter.Create(Keys.rpm(5), operator.getRef()));
        assertThat(version()).isEqualTo(1);
    }

    private Meter.Update update(int rpm) {
        return new Meter.Update(Keys.rpm(rpm), 1, operator.getRef());
    }

    @Test
    void aChangeIsMadeOnceAndAnsweredAgain() {
        create();
        Meter.Update update = update(6);

        meter.tell(update);
        assertThat(version()).isEqualTo(2);
        meter.tell(update);

        assertThat(version()).isEqualTo(2);
        assertThat(store.existing("key").version()).isEqualTo(2);
    }

    @Test
    void anotherOneWithTheSameWordsIsAnotherChange() {
        create();
        meter.tell(update(6));
        assertThat(version()).isEqualTo(2);

        meter.tell(update(6));

        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.Stale(2));
    }

    @Test
    void aChangeThatComesAgainWhileItIsMadeIsAnsweredOnce() {
        create();
        store.be(MemoryStore.Mood.STALLED);
        Meter.Update first = update(6);
        Meter.SetBlocked second = new Meter.SetBlocked(true, operator.getRef());

        List.of(first, second, first, second).forEach(meter::tell);
        store.release();

        assertThat(List.of(version(), version())).containsExactly(2L, 3L);
        operator.expectNoMessage(Duration.ofMillis(100));
        assertThat(store.existing("key").version()).isEqualTo(3);
    }

    @Test
    void aKeyIsMadeOnce() {
        Meter.Create create = new Meter.Create(Keys.rpm(5), operator.getRef());

        meter.tell(create);
        assertThat(version()).isEqualTo(1);
        meter.tell(create);

        assertThat(version()).isEqualTo(1);
    }

    @Test
    void aDeletionIsMadeOnceAndNotCalledAMistake() {
        create();
        Meter.Delete delete = new Meter.Delete(operator.getRef());

        meter.tell(delete);
        assertThat(version()).isEqualTo(2);
        meter.tell(delete);
        assertThat(version()).isEqualTo(2);
        kit.stop(meter);
        meter = meter();
        meter.tell(delete);
        assertThat(version()).isEqualTo(2);

        meter.tell(new Meter.Delete(operator.getRef()));
        assertThat(operator.receiveMessage()).isEqualTo(new AdminReply.NoSuchKey());
    }

    @Test
    void theNextOwnerKnowsWhatTheOneBeforeHasMade() {
        create();
        Meter.Update update = update(6);
        meter.tell(update);
        assertThat(version()).isEqualTo(2);

        kit.stop(meter);
        meter = meter();
        meter.tell(update);

        assertThat(version()).isEqualTo(2);
    }

    @Test
    void theNextOwnerKnowsItAfterAnOrderlyEndToo() {
        Meter.Create create = new Meter.Create(Keys.rpm(5), operator.getRef());
        meter.tell(create);
        assertThat(version()).isEqualTo(1);

        meter.tell(Meter.Stop.INSTANCE);
        operator.expectTerminated(meter, Duration.ofSeconds(3));
        meter = meter();
        meter.tell(create);

        assertThat(version()).isEqualTo(1);
    }
}
