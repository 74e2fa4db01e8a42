package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * When what an operator has changed of a key holds everywhere: all nodes have heard what they admit calls by, and no owner
 * before this one, which knows the key as it was, can act any more.
 */
final class Enforcement {

    /** What is done when none of these hosts can act any more. */
    private record Contested(List<Long> former, Runnable then) {}

    private final String id;
    private final Nodes nodes;
    private final ActorRef<Meter.Command> meter;
    private final Announcements announcements;
    private final List<Contested> contested = new ArrayList<>();

    /** @param meter is told what nodes have heard */
    Enforcement(String id, Nodes nodes, ActorRef<Meter.Command> meter) {
        this.id = id;
        this.nodes = nodes;
        this.meter = meter;
        this.announcements = new Announcements(nodes);
    }

    /** @param row as it is with the change */
    void enforce(Meter.Admin change, MeterState row, Runnable then) {
        Runnable uncontested = () -> whenOver(row.former(), then);
        switch (change) {
            case Meter.Create create -> {
                String hash = create.hash();
                Runnable made = hash == null ? uncontested : () -> leads(hash, uncontested);
                announce(number -> new Keeper.Made(id, number, meter), made);
            }
            case Meter.Rotate rotate -> leads(rotate.hash(), uncontested);
            default -> uncontested.run();
        }
    }

    private void leads(String hash, Runnable then) {
        announce(number -> new Keeper.Rotated(hash, id, number, meter), then);
    }

    private void announce(LongFunction<Keeper.Command> message, Runnable then) {
        announcements.announce(message, heard -> then.run());
    }

    private void whenOver(List<Long> former, Runnable then) {
        if (isOver(former)) {
            then.run();
        } else {
            contested.add(new Contested(former, then));
        }
    }

    private boolean isOver(List<Long> former) {
        return former.stream().allMatch(nodes::isGone);
    }

    void heard(Meter.Heard by) {
        announcements.heard(by);
    }

    /** Tells those again who have not heard. */
    void again() {
        announcements.again();
    }

    /** A node is gone: it need not hear, and contests nothing any more. */
    void nodesMoved() {
        announcements.again();
        for (Contested each : List.copyOf(contested)) {
            if (isOver(each.former) && contested.remove(each)) {
                each.then.run();
            }
        }
    }

    /** Whether somebody has to be told again, if he does not answer. */
    boolean isAnnouncing() {
        return !announcements.isEmpty();
    }

    boolean isEmpty() {
        return announcements.isEmpty() && contested.isEmpty();
    }
}
