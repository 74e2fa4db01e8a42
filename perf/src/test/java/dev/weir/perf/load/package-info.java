/** Proofs of the bench's load side. */
@NullMarked
package dev.weir.perf.load;

import org.jspecify.annotations.NullMarked;
