package dev.weir.actors.meter;

import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/** The nodes that calls may come through now: whoever changes what they may do tells all of them. */
public interface Peers {

    List<ActorRef<Keeper.Command>> keepers();
}
