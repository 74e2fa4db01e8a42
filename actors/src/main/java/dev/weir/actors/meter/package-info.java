/**
 * Meters: who may use how much, decided in one actor turn.
 *
 * <p>{@link dev.weir.actors.meter.Meter} is the actor and its protocol, {@link dev.weir.actors.meter.Decision} its
 * answer. The arithmetic is beside it and knows no actor: {@link dev.weir.actors.meter.MeterState} is what the store
 * holds, {@code Purse} what the meter may give out of its own memory. {@link dev.weir.actors.meter.MeterStore} is the
 * store as the meter sees it. No prompt, no byte of an answer and no address of an upstream ever comes in here.
 */
@NullMarked
package dev.weir.actors.meter;

import org.jspecify.annotations.NullMarked;
