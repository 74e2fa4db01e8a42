/** Proofs of the bench: subject. */
@NullMarked
package dev.weir.perf.subject;

import org.jspecify.annotations.NullMarked;
