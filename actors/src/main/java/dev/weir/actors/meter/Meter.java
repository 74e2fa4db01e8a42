package dev.weir.actors.meter;

import dev.weir.actors.Wire;
import dev.weir.actors.meter.MeterStore.Loaded;
import dev.weir.config.AccountId;
import dev.weir.config.Metered;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * The meter of one API key, or of one account above keys: the single writer of its row, and the one place where its
 * limits are given out. What it understands stands here; its life is {@link MeterBehavior}, what it does for calls {@link
 * KeyDuty}, for nodes {@link AccountDuty}.
 */
public final class Meter {

    /** What a meter understands. */
    public sealed interface Command {}

    /** What calls, and nodes, send. */
    public sealed interface Use extends Command
            permits Asking, Reopen, Settle, Want, Heard, SharesMoved, NodesMoved, Waited {}

    /** What a call asks, and waits for the answer to. */
    sealed interface Asking extends Use permits Reserve, TopUp {

        HoldId hold();

        Ask ask();

        /** When nobody waits any more; nothing is held from then on. */
        long notAfterEpochMillis();

        void answer(Decision decision);
    }

    /**
     * Hold {@code need} for a call, all or nothing.
     *
     * @param hash of the secret that was shown
     * @param model the public name; empty when nobody serves it, which checks the key only
     * @param endUser whom the application says that it calls for
     * @param notAfterEpochMillis when nobody waits for the answer any more; nothing is held from then on
     */
    public record Reserve(
            HoldId hold,
            String hash,
            String model,
            Need need,
            @Nullable String endUser,
            long notAfterEpochMillis,
            ActorRef<Decided> replyTo)
            implements Asking, Wire {

        @Override
        public void answer(Decision decision) {
            replyTo.tell(new Decided(hold, decision));
        }

        @Override
        public Ask ask() {
            return new Ask(hold, hash, model, need, endUser, 0, 0, true);
        }
    }

    /**
     * Hold {@code need} more for a call that runs. It may take a limit beyond its amount, as far as the node's policy
     * goes; another model than before is checked like that of a new call.
     *
     * @param epoch of the grant
     * @param number of the top-up of this call, from 1: the same one again counts once
     * @param endUser of the reservation: whom it is charged to where its hold was lost
     */
    public record TopUp(
            HoldId hold,
            long epoch,
            int number,
            String model,
            @Nullable String endUser,
            Need need,
            long notAfterEpochMillis,
            ActorRef<ToppedUp> replyTo)
            implements Asking, Wire {

        @Override
        public void answer(Decision decision) {
            replyTo.tell(new ToppedUp(hold, number, decision));
        }

        @Override
        public Ask ask() {
            return new Ask(hold, "", model, need, endUser, number, epoch, true);
        }
    }

    /**
     * The call is over, whether or not it was granted. May be sent again until it is acknowledged: it counts once.
     *
     * @param epoch of the grant; 0 when there was none
     * @param model of the reservation, and {@code endUser}: whom it is charged to where its hold was lost
     * @param held what the grant held
     * @param used what the call used; ignored unless an attempt {@code began}
     * @param began whether an upstream attempt began; if not, everything comes back
     */
    public record Settle(
            HoldId hold,
            long epoch,
            String model,
            @Nullable String endUser,
            Need held,
            Need used,
            boolean began,
            ActorRef<Ack> replyTo)
            implements Use, Wire {}

    /**
     * A call that was admitted still runs: its door says so when a node is gone, as the call's meter may have been there.
     *
     * @param epoch of the grant
     * @param slots that it has
     */
    public record Reopen(
            HoldId hold, long epoch, String model, @Nullable String endUser, long slots, ActorRef<Reopened> replyTo)
            implements Use, Wire {}

    /**
     * A node has heard what all of them were told.
     *
     * @param by the node
     * @param number of what was told
     * @param holds what the node has of the account; null of a key, and where it has nothing
     */
    public record Heard(long by, long number, @Nullable Want holds) implements Use, Wire {}

    /** Something has come to this node of an account that a key waits for. */
    enum SharesMoved implements Use {
        INSTANCE
    }

    /** A node is gone, or released. */
    public enum NodesMoved implements Use {
        INSTANCE
    }

    /** Calls have waited a little longer. */
    enum Waited implements Use {
        TICK
    }

    /** What operators send. */
    public sealed interface Admin extends Command, Wire permits Change, Inspect {
        ActorRef<AdminReply> replyTo();
    }

    /** What operators change. It may be sent again until it is answered: the same one is made once. */
    public sealed interface Change extends Admin permits Create, Update, SetBlocked, Delete, Rotate, ResetSpend {

        /** Tells it from every other change. */
        long request();
    }

    /**
     * There is such a key, or account, from now on.
     *
     * @param hash of the secret that opens a key, SHA-256 in hex; null where it is the key's id, and of an account
     */
    public record Create(
            long request,
            @Tagged Metered settings,
            @Nullable String hash,
            ActorRef<AdminReply> replyTo) implements Change {
        public Create(Metered settings, ActorRef<AdminReply> replyTo) {
            this(settings, null, replyTo);
        }

        public Create(Metered settings, @Nullable String hash, ActorRef<AdminReply> replyTo) {
            this(newRequest(), settings, hash, replyTo);
        }
    }

    /** @param expectedVersion of the settings that these replace; 0 replaces any */
    public record Update(long request, @Tagged Metered settings, long expectedVersion, ActorRef<AdminReply> replyTo)
            implements Change {
        public Update(Metered settings, long expectedVersion, ActorRef<AdminReply> replyTo) {
            this(newRequest(), settings, expectedVersion, replyTo);
        }
    }

    public record SetBlocked(long request, boolean blocked, ActorRef<AdminReply> replyTo) implements Change {
        public SetBlocked(boolean blocked, ActorRef<AdminReply> replyTo) {
            this(newRequest(), blocked, replyTo);
        }
    }

    public record Delete(long request, ActorRef<AdminReply> replyTo) implements Change {
        public Delete(ActorRef<AdminReply> replyTo) {
            this(newRequest(), replyTo);
        }
    }

    /**
     * The key has another secret; the one before opens it for some time still.
     *
     * @param hash of the new secret, SHA-256 in hex
     */
    public record Rotate(long request, String hash, long graceMillis, ActorRef<AdminReply> replyTo) implements Change {
        public Rotate(String hash, long graceMillis, ActorRef<AdminReply> replyTo) {
            this(newRequest(), hash, graceMillis, replyTo);
        }
    }

    /** Budgets begin anew, with so much of each gone. */
    public record ResetSpend(long request, long toNanoUsd, ActorRef<AdminReply> replyTo) implements Change {
        public ResetSpend(long toNanoUsd, ActorRef<AdminReply> replyTo) {
            this(newRequest(), toNanoUsd, replyTo);
        }
    }

    private static long newRequest() {
        return ThreadLocalRandom.current().nextLong();
    }

    public record Inspect(ActorRef<AdminReply> replyTo) implements Admin {}

    /** Write exact figures, then stop. */
    public enum Stop implements Command, Wire {
        INSTANCE
    }

    /** A meter's own clock. */
    enum Tick implements Command {
        IDLE
    }

    /** What the store said, and when to ask it again. */
    sealed interface StoreEvent extends Command {}

    record RowLoaded(Loaded row) implements StoreEvent {}

    record RowUnknown(String why) implements StoreEvent {}

    /** What the ledger has by now, for a change that begins with it. */
    record LedgerRead(Update change, Loaded row) implements StoreEvent {}

    record LedgerUnknown(Update change, String why) implements StoreEvent {}

    enum LoadAgain implements StoreEvent {
        NOW
    }

    /** Whether the host of the row, which is at work, has this meter still. */
    public record Owned(long host, boolean has) implements StoreEvent, Wire {}

    /** What the store said of the write in flight; {@link RowWriter} knows what it means. */
    record OfWrite(RowWriter.Event event) implements StoreEvent {}

    /** Whoever has placed a meter on this node. */
    public interface Placement {

        /** Asks to be sent {@link Stop} when nothing is on its way to {@code self}. */
        void retire(ActorRef<Command> self);

        /** What has come to a meter that is leaving: for the one that is there next. */
        void forward(Command command);
    }

    private Meter() {}

    /**
     * The meter of a key.
     *
     * @param id the key's SHA-256 in hex
     * @param clock the store's time
     */
    public static Behavior<Command> ofKey(
            String id,
            MeterStore store,
            MeterSettings common,
            Shares shares,
            InstantSource clock,
            Placement placement) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new MeterBehavior(
                        id,
                        store,
                        common,
                        clock,
                        placement,
                        context,
                        timers,
                        life -> new KeyDuty(id, life, common, shares, clock, context, timers))
                .open()));
    }

    /** The meter of an account: the same row and the same life, used by nodes instead of calls. */
    public static Behavior<Command> ofAccount(
            AccountId id, MeterStore store, MeterSettings common, InstantSource clock, Placement placement) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new MeterBehavior(
                        id.toString(),
                        store,
                        common,
                        clock,
                        placement,
                        context,
                        timers,
                        life -> new AccountDuty(id, life, common, clock, context, timers))
                .open()));
    }
}
