/** Proofs of the bench's run side. */
@NullMarked
package dev.weir.perf.run;

import org.jspecify.annotations.NullMarked;
