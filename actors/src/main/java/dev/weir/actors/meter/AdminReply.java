package dev.weir.actors.meter;

import dev.weir.actors.Wire;

/** A meter's answer to an operator. A write is answered when it is durable and every later call obeys it. */
public sealed interface AdminReply extends Wire {

    /** It is done; {@code meter} is how it stands now (for a deletion: how it stood). */
    record Done(MeterView meter) implements AdminReply {}

    /** There is a live key, or account, of this id. */
    record AlreadyExists() implements AdminReply {}

    /** There is no live key, or account, of this id. */
    record NoSuchKey() implements AdminReply {}

    /** Another key has this alias. */
    record AliasTaken(String alias) implements AdminReply {}

    /** The store does not take these settings; nothing was changed. */
    record NotStorable() implements AdminReply {}

    /** Somebody changed the settings in between: they have this version now. */
    record Stale(long version) implements AdminReply {}

    /** The store did not answer; a write may or may not have happened. */
    record Unavailable(String reason) implements AdminReply {}
}
