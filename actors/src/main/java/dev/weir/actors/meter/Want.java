package dev.weir.actors.meter;

import dev.weir.actors.Wire;
import dev.weir.config.AccountId;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A node tells the meter of an account what it has used and given back of it, and what it wants. All counters only grow
 * within a generation, so that a message that comes late, twice or not at all does no harm.
 *
 * @param node its incarnation
 * @param sequence of this message among those of the node about this account; an answer names it
 * @param born the account's life that the counters are about; 0 when the node knows nothing of it yet
 * @param policy of a group of end users, what each of them has; null of other accounts
 */
public record Want(
        AccountId account,
        long node,
        long sequence,
        long born,
        @Nullable EndUserPolicy policy,
        List<Line> lines,
        ActorRef<Keeper.Command> replyTo)
        implements Meter.Use, Wire {

    /**
     * One limit.
     *
     * @param gen of the window that the counters are about; 0 when the node knows none
     * @param need how much more is needed than is there
     * @param beyond how much more is needed beyond the limit, for calls that already run
     * @param ahead how much more than that is worth having
     * @param used of what was granted
     * @param returned of what was granted
     * @param over used beyond what was granted
     * @param overKnown the part of it that the account's meter has made durable, as far as the node has heard
     * @param taken by node, all that has come from there in this generation with calls whose key's meter has moved
     */
    public record Line(
            LimitId id,
            long gen,
            long need,
            long beyond,
            long ahead,
            long used,
            long returned,
            long over,
            long overKnown,
            Map<Long, Long> taken) {

        public Line {
            taken = Map.copyOf(taken);
        }

        /** The node does not know whether it has something of this limit. */
        static Line unknown(LimitId id) {
            return new Line(id, 0, 0, 0, 0, 0, 0, 0, 0, Map.of());
        }

        /** It says nothing that a limit would have to be there for. */
        boolean isEmpty() {
            return need == 0 && beyond == 0 && over <= overKnown;
        }
    }

    public Want {
        lines = List.copyOf(lines);
    }
}
