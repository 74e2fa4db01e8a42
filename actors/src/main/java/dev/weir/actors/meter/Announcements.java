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

/** What all nodes are told, and who has not said yet that it has heard. */
final class Announcements {

    private static final class Open {
        private final Set<ActorRef<Keeper.Command>> missing;
        private final List<Want> heard = new ArrayList<>();
        private final Consumer<List<Want>> then;

        Open(List<ActorRef<Keeper.Command>> to, Consumer<List<Want>> then) {
            this.missing = new HashSet<>(to);
            this.then = then;
        }
    }

    private final Peers peers;
    private final Map<Long, Open> open = new HashMap<>();
    private long last;

    Announcements(Peers peers) {
        this.peers = peers;
    }

    /**
     * @param message made of the number that answers have to name
     * @param then what to do with what they said, when all have heard
     */
    void announce(LongFunction<Keeper.Command> message, Consumer<List<Want>> then) {
        List<ActorRef<Keeper.Command>> to = peers.keepers();
        if (to.isEmpty()) {
            then.accept(List.of());
            return;
        }
        long number = ++last;
        Keeper.Command said = message.apply(number);
        open.put(number, new Open(to, then));
        to.forEach(keeper -> keeper.tell(said));
    }

    void heard(Meter.Heard by) {
        Open one = open.get(by.number());
        if (one == null) {
            return;
        }
        one.missing.remove(by.by());
        if (by.holds() != null) {
            one.heard.add(by.holds());
        }
        if (one.missing.isEmpty()) {
            open.remove(by.number());
            one.then.accept(one.heard);
        }
    }

    boolean isEmpty() {
        return open.isEmpty();
    }
}
