/** Proofs of the bench: report. */
@NullMarked
package dev.weir.perf.report;

import org.jspecify.annotations.NullMarked;
