package dev.weir.actors.meter;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorRef;

/** The meters that live on this node. Thread-safe. */
public final class LocalMeters {

    private final Map<String, ActorRef<Meter.Command>> meters = new ConcurrentHashMap<>();

    void opened(String meter, ActorRef<Meter.Command> self) {
        meters.put(meter, self);
    }

    void closed(String meter, ActorRef<Meter.Command> self) {
        meters.remove(meter, self);
    }

    boolean has(String meter) {
        return meters.containsKey(meter);
    }

    public int count() {
        return meters.size();
    }

    /** A node is gone, or released. */
    public void nodesMoved() {
        meters.values().forEach(meter -> meter.tell(Meter.NodesMoved.INSTANCE));
    }
}
