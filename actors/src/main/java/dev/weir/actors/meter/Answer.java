package dev.weir.actors.meter;

import dev.weir.actors.Wire;

/** What a meter tells the door of a call. It names the call, so that one recipient serves all calls of a node. */
public sealed interface Answer extends Wire permits Decided, ToppedUp, Ack, Reopened {
    HoldId hold();
}
