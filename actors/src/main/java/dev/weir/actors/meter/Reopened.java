package dev.weir.actors.meter;

/** A call's meter knows that it runs. */
public record Reopened(HoldId hold) implements Answer {}
