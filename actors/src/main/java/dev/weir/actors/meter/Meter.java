package dev.weir.actors.meter;

import dev.weir.actors.Wire;
import dev.weir.actors.meter.MeterStore.Loaded;
import dev.weir.config.KeySettings;
import java.time.InstantSource;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The meter of one API key: the single writer of its row, and the one place where its calls are admitted. What it
 * understands stands here, what it does in {@link MeterBehavior}.
 */
public final class Meter {

    /** What a meter understands. */
    public sealed interface Command {}

    /**
     * Hold {@code need} for a call, all or nothing.
     *
     * @param model the public name; empty when nobody serves it, which checks the key only
     * @param notAfterEpochMillis when nobody waits for the answer any more; nothing is held from then on
     */
    public record Reserve(HoldId hold, String model, Need need, long notAfterEpochMillis, ActorRef<Decided> replyTo)
            implements Command, Wire {

        void answer(Decision decision) {
            replyTo.tell(new Decided(hold, decision));
        }
    }

    /**
     * The call is over, whether or not it was granted. May be sent again until it is acknowledged: it counts once.
     *
     * @param epoch of the grant; 0 when there was none
     * @param held what the grant held
     * @param used what the call used; ignored unless an attempt {@code began}
     * @param began whether an upstream attempt began; if not, everything comes back
     */
    public record Settle(HoldId hold, long epoch, Need held, Need used, boolean began, ActorRef<Ack> replyTo)
            implements Command, Wire {}

    /** What operators send. */
    public sealed interface Admin extends Command, Wire {
        ActorRef<AdminReply> replyTo();
    }

    public record Create(KeySettings settings, ActorRef<AdminReply> replyTo) implements Admin {}

    /** @param expectedVersion of the settings that these replace; 0 replaces any */
    public record Update(KeySettings settings, long expectedVersion, ActorRef<AdminReply> replyTo) implements Admin {}

    public record SetBlocked(boolean blocked, ActorRef<AdminReply> replyTo) implements Admin {}

    public record Delete(ActorRef<AdminReply> replyTo) implements Admin {}

    public record Inspect(ActorRef<AdminReply> replyTo) implements Admin {}

    /** Write exact figures, then stop. */
    public enum Stop implements Command, Wire {
        INSTANCE
    }

    /** A meter's own clocks. */
    enum Tick implements Command {
        WAITING,
        IDLE
    }

    /** What the store said, and when to ask it again. */
    sealed interface StoreEvent extends Command {}

    record RowLoaded(Loaded row) implements StoreEvent {}

    record RowUnknown(String why) implements StoreEvent {}

    enum LoadAgain implements StoreEvent {
        NOW
    }

    /** What the store said of the write in flight; {@link RowWriter} knows what it means. */
    record OfWrite(RowWriter.Event event) implements StoreEvent {}

    private Meter() {}

    /**
     * @param id the key's SHA-256 in hex
     * @param clock the store's time
     * @param retire asks whoever placed the meter to send it {@link Stop} when nothing is on its way to it
     */
    public static Behavior<Command> create(
            String id,
            MeterStore store,
            MeterSettings common,
            InstantSource clock,
            Consumer<ActorRef<Command>> retire) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new MeterBehavior(id, store, common, clock, retire, context, timers).load()));
    }
}
