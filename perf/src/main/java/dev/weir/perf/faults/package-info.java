/**
 * The fault laboratory: Weir as a process under load, while what it needs is taken away.
 *
 * <p>{@link dev.weir.perf.faults.Faults} is the command. A {@code Site} is one run's processes, {@code Callers} the load,
 * {@link dev.weir.perf.faults.Fault} what is done to it, and {@code Judge} says what was promised and not kept, from nothing but what
 * the mock witnessed, what clients were told, and the ledger.
 */
@NullMarked
package dev.weir.perf.faults;

import org.jspecify.annotations.NullMarked;
