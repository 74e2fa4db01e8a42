package dev.weir.actors.meter;

/** A settlement has been taken in; the door need not repeat it. */
public record Ack(HoldId hold) implements Answer {}
