package dev.weir.actors.meter;

import java.time.Duration;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import org.apache.pekko.actor.typed.ActorRef;

/** Nodes as a test says that they are: nobody is told of anything, unless there are keepers. */
class FakeNodes implements Nodes {

    final Map<Long, ActorRef<Keeper.Command>> keepers = new ConcurrentHashMap<>();
    final Set<Long> fenced = ConcurrentHashMap.newKeySet();
    final Set<Long> released = ConcurrentHashMap.newKeySet();
    final Map<HoldId, Lost> lost = new ConcurrentHashMap<>();
    final LocalMeters here = new LocalMeters();
    volatile boolean mayDecide = true;
    private final LongPredicate atWork;

    FakeNodes(LongPredicate atWork) {
        this.atWork = atWork;
    }

    /** One of them, and whatever was before it is gone. */
    static MeterSettings alone(long host, MeterSettings.Unpriced unpriced, int overage) {
        return new MeterSettings(
                host,
                ZoneOffset.UTC,
                unpriced,
                Duration.ofMinutes(1),
                overage,
                10,
                new FakeNodes(incarnation -> incarnation == host));
    }

    @Override
    public boolean mayDecide() {
        return mayDecide;
    }

    @Override
    public Map<Long, ActorRef<Keeper.Command>> keepers() {
        return new HashMap<>(keepers);
    }

    @Override
    public boolean isMember(long incarnation) {
        return keepers.containsKey(incarnation);
    }

    @Override
    public boolean isGone(long incarnation) {
        return !atWork.test(incarnation);
    }

    @Override
    public boolean isReleased(long incarnation) {
        return isGone(incarnation) || released.contains(incarnation);
    }

    @Override
    public void fence(long incarnation) {
        fenced.add(incarnation);
    }

    @Override
    public LocalMeters here() {
        return here;
    }

    @Override
    public boolean lost(Lost hold) {
        lost.put(hold.hold(), hold);
        return false;
    }
}
