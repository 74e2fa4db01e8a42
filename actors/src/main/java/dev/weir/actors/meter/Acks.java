package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/** Settlements that are taken in and whose doors are told when it is durable. */
final class Acks {

    private final Map<HoldId, List<ActorRef<Ack>>> doors = new HashMap<>();

    boolean owes(HoldId hold) {
        return doors.containsKey(hold);
    }

    void add(Meter.Settle settle) {
        doors.computeIfAbsent(settle.hold(), none -> new ArrayList<>(1)).add(settle.replyTo());
    }

    void addAll(Acks others) {
        others.doors.forEach((hold, some) ->
                doors.computeIfAbsent(hold, none -> new ArrayList<>(1)).addAll(some));
    }

    void tell() {
        doors.forEach((hold, some) -> some.forEach(door -> door.tell(new Ack(hold))));
    }
}
