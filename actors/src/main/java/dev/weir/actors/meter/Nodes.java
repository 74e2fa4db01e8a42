package dev.weir.actors.meter;

import java.util.Map;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The nodes over one store, as this one knows them. A node is known by its incarnation: a process that starts again is
 * another one. Thread-safe.
 */
public interface Nodes {

    /** This node may decide about calls now: nobody has taken its meters over. */
    boolean mayDecide();

    /**
     * The nodes that calls may come through, by incarnation; this one is among them. Whoever changes what calls may do tells
     * all of them.
     */
    Map<Long, ActorRef<Keeper.Command>> keepers();

    /** The node of {@code incarnation} is at work in this cluster, as far as is known. */
    boolean isMember(long incarnation);

    /** It has left, or was shut out and its time is up: it decides nothing any more. */
    boolean isGone(long incarnation);

    /**
     * It is gone, and the calls that it had admitted for doors elsewhere are known to other meters, or over. Whoever asks makes
     * that happen. A number below 0 is nobody's, and gone: all doors are asked once for it.
     */
    boolean isReleased(long incarnation);

    /** Shuts a node out that is no member: it will be {@linkplain #isGone gone}. */
    void fence(long incarnation);

    /** The meters of this node; they are told {@link Meter.NodesMoved} when a node is gone, or released. */
    LocalMeters here();

    /**
     * A hold's door is gone, and the hold is charged whole.
     *
     * @return whether the ledger has it for the time being; the door's own row is worth more
     */
    boolean lost(Lost hold);

    /** A node without others. */
    static Nodes alone(long self, LocalMeters here, Supplier<ActorRef<Keeper.Command>> keeper) {
        return new Alone(self, here, keeper);
    }

    /** The only node that may use its store, which is its authority. */
    record Alone(long self, LocalMeters here, Supplier<ActorRef<Keeper.Command>> keeper) implements Nodes {

        @Override
        public boolean mayDecide() {
            return true;
        }

        @Override
        public Map<Long, ActorRef<Keeper.Command>> keepers() {
            return Map.of(self, keeper.get());
        }

        @Override
        public boolean isMember(long incarnation) {
            return incarnation == self;
        }

        @Override
        public boolean isGone(long incarnation) {
            return incarnation != self;
        }

        @Override
        public boolean isReleased(long incarnation) {
            return incarnation != self;
        }

        @Override
        public void fence(long incarnation) {}

        /** Its own journal has it. */
        @Override
        public boolean lost(Lost hold) {
            return false;
        }
    }
}
