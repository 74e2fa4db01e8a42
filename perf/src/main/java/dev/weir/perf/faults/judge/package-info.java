/**
 * The judgement: what was promised and not kept, from nothing but what the mock witnessed, what clients were told, and the
 * ledger. It knows no process and no clock, so that it can be judged itself.
 */
@NullMarked
package dev.weir.perf.faults.judge;

import org.jspecify.annotations.NullMarked;
