package dev.weir.cluster.meters;

import dev.weir.actors.meter.Meter;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/**
 * Where the meters of keys are reached. Those that were asked for last are remembered: to make one encodes the key, and a
 * call needs it twice. As many are kept as there are places, whatever keys are shown.
 */
final class MeterRefs implements Function<String, EntityRef<Meter.Command>> {

    /** A power of two. */
    private static final int PLACES = 1024;

    private final Function<String, EntityRef<Meter.Command>> made;
    private final AtomicReferenceArray<EntityRef<Meter.Command>> known = new AtomicReferenceArray<>(PLACES);

    MeterRefs(Function<String, EntityRef<Meter.Command>> made) {
        this.made = made;
    }

    @Override
    public EntityRef<Meter.Command> apply(String key) {
        int hash = key.hashCode();
        int place = (hash ^ hash >>> 16) & PLACES - 1;
        EntityRef<Meter.Command> ref = known.get(place);
        if (ref == null || !ref.getEntityId().equals(key)) {
            ref = made.apply(key);
            known.set(place, ref);
        }
        return ref;
    }
}
