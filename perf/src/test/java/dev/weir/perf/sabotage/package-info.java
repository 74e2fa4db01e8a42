/** Proofs that what is meant to break the product does. */
@NullMarked
package dev.weir.perf.sabotage;

import org.jspecify.annotations.NullMarked;
