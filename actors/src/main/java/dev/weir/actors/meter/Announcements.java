package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.apache.pekko.actor.typed.ActorRef;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all nodes are told, and who has not said yet that it has heard. Who is gone need not hear. */
final class Announcements {

    private static final Logger LOG = LoggerFactory.getLogger(Announcements.class);
    private static final int REPEATS_TO_SAY_SO = 15;

    private static final class Open {
        private final Keeper.Command said;
        private final Set<Long> missing;
        private final List<Want> heard = new ArrayList<>();
        private final Consumer<List<Want>> then;
        private int repeats;

        Open(Keeper.Command said, Set<Long> to, Consumer<List<Want>> then) {
            this.said = said;
            this.missing = new HashSet<>(to);
            this.then = then;
        }
    }

    private final Nodes nodes;
    private final Map<Long, Open> open = new HashMap<>();
    private long last;

    Announcements(Nodes nodes) {
        this.nodes = nodes;
    }

    /**
     * @param message made of the number that answers have to name
     * @param then what to do with what they said, when all have heard
     */
    void announce(LongFunction<Keeper.Command> message, Consumer<List<Want>> then) {
        tell(nodes.keepers(), message, then);
    }

    /** The same for some nodes. */
    void tell(Map<Long, ActorRef<Keeper.Command>> to, LongFunction<Keeper.Command> message, Consumer<List<Want>> then) {
        long number = ++last;
        Open one = new Open(message.apply(number), to.keySet(), then);
        open.put(number, one);
        to.values().forEach(keeper -> keeper.tell(one.said));
        endIfHeard(number, one);
    }

    void heard(Meter.Heard by) {
        Open one = open.get(by.number());
        if (one != null && one.missing.remove(by.by())) {
            if (by.holds() != null) {
                one.heard.add(by.holds());
            }
            endIfHeard(by.number(), one);
        }
    }

    private void endIfHeard(long number, Open one) {
        if (one.missing.isEmpty() && open.remove(number, one)) {
            one.then.accept(one.heard);
        }
    }

    /** Says it again to those who have not said that they heard it, and waits no longer for who is gone. */
    void again() {
        Map<Long, ActorRef<Keeper.Command>> keepers = nodes.keepers();
        for (Map.Entry<Long, Open> each : List.copyOf(open.entrySet())) {
            Open one = each.getValue();
            one.missing.removeIf(nodes::isGone);
            if (++one.repeats == REPEATS_TO_SAY_SO) {
                LOG.warn("Nodes {} have not heard of {} yet", one.missing, one.said);
            }
            for (long node : one.missing) {
                ActorRef<Keeper.Command> keeper = keepers.get(node);
                if (keeper != null) {
                    keeper.tell(one.said);
                }
            }
            endIfHeard(each.getKey(), one);
        }
    }

    boolean isEmpty() {
        return open.isEmpty();
    }
}
