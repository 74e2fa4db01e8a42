/** Meters: who may use how much, decided in one actor turn. Start at {@link dev.weir.actors.meter.Decision}. */
@NullMarked
package dev.weir.actors.meter;

import org.jspecify.annotations.NullMarked;
