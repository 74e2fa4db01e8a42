/**
 * The bench's own proof: a Java agent that breaks a Weir while it is loaded, so that the guards can be seen red and the
 * product needs no switch that breaks it.
 *
 * <p>{@link dev.weir.perf.sabotage.Sabotage} names what can be broken, {@link dev.weir.perf.sabotage.Cut} says where and how,
 * {@link dev.weir.perf.sabotage.Agent} does it or ends the process. A jar of its own carries them into Weir: nothing here may
 * need another library than Byte Buddy.
 */
@NullMarked
package dev.weir.perf.sabotage;

import org.jspecify.annotations.NullMarked;
