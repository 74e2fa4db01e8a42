package dev.weir.actors.meter;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.actors.Wire;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import java.util.List;
import java.util.Map;

/** What the meter of an account answers to a {@link Want}: all that it has of that node, in numbers that only grow. */
public record Allotted(AccountId account, long sequence, Outcome outcome) implements Keeper.Command, Wire {

    /** What became of it. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Allotted.Granted.class, name = "Granted"),
        @JsonSubTypes.Type(value = Allotted.Absent.class, name = "Absent"),
        @JsonSubTypes.Type(value = Allotted.Unavailable.class, name = "Unavailable"),
    })
    public sealed interface Outcome {}

    /**
     * The account is there.
     *
     * @param born its life, counted
     * @param version of its settings
     */
    public record Granted(long born, long version, AccountSettings settings, List<Line> lines) implements Outcome {
        public Granted {
            lines = List.copyOf(lines);
        }
    }

    /** Somebody found no room. */
    boolean isCrowded() {
        return outcome instanceof Granted granted && granted.lines.stream().anyMatch(Line::crowded);
    }

    /** There is no such account. */
    public record Absent() implements Outcome {}

    /** Its meter cannot answer. */
    public record Unavailable(String reason) implements Outcome {}

    /**
     * One limit, of which everything granted here is durable.
     *
     * @param end of the window, in epoch milliseconds
     * @param committed to all holders, this node's included
     * @param granted to this node
     * @param returned by this node, as far as is known
     * @param over of this node, as far as is durable
     * @param formerGen the generation that the node spoke of
     * @param formerOver what is durable of the node's over in that one, where it is over
     * @param out what other nodes have taken over from this one, with calls
     * @param taken by node, what this one is known to have taken over
     * @param denied the node did not get all that it needs, because the limit has no more
     * @param deniedBeyond nor what it needs beyond
     * @param crowded there is no such limit, and no room for one more end user
     */
    public record Line(
            LimitId id,
            long gen,
            long end,
            long committed,
            long granted,
            long returned,
            long over,
            long formerGen,
            long formerOver,
            long out,
            Map<Long, Long> taken,
            boolean denied,
            boolean deniedBeyond,
            boolean crowded) {

        public Line {
            taken = Map.copyOf(taken);
        }

        /** Of a limit that nobody has anything of. */
        static Line none(LimitId id, boolean crowded) {
            return new Line(id, 0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of(), false, false, crowded);
        }
    }
}
