/**
 * The fault laboratory: Weir as processes under load, while what they need is taken away.
 *
 * <p>{@link dev.weir.perf.faults.Faults} is the command. It has two forms: one gateway ({@code alone}) and several over one store
 * ({@code several}), made of the same pieces ({@code site}), called by the same clients ({@code callers}), and judged by the same
 * {@code judge}, who knows nothing but what the mock witnessed, what clients were told, and the ledger.
 */
@NullMarked
package dev.weir.perf.faults;

import org.jspecify.annotations.NullMarked;
