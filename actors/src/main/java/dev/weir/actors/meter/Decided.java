package dev.weir.actors.meter;

/** What became of a reservation. */
public record Decided(HoldId hold, Decision decision) implements Answer {}
