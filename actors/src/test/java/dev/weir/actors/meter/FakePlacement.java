package dev.weir.actors.meter;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.typed.ActorRef;

/** Stops a meter as soon as it may, and keeps what it forwards. */
final class FakePlacement implements Meter.Placement {

    final List<Meter.Command> forwarded = new CopyOnWriteArrayList<>();

    @Override
    public void retire(ActorRef<Meter.Command> self) {
        self.tell(Meter.Stop.INSTANCE);
    }

    @Override
    public void forward(Meter.Command command) {
        forwarded.add(command);
    }
}
