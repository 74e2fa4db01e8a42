/** Proofs that the judge sees what was not kept, and nothing else. */
@NullMarked
package dev.weir.perf.faults.judge;

import org.jspecify.annotations.NullMarked;
