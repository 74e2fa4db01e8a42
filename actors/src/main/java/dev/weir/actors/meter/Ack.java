package dev.weir.actors.meter;

import dev.weir.actors.Wire;

/** A settlement has been taken in; the door need not repeat it. */
public record Ack(HoldId hold) implements Wire {}
