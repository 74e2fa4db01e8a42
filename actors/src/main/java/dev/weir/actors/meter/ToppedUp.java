package dev.weir.actors.meter;

/** What became of the {@code number}th top-up of a hold. */
public record ToppedUp(HoldId hold, int number, Decision decision) implements Answer {}
