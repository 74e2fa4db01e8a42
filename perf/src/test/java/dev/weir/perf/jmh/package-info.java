/** Proofs that the pieces can be measured and are told right. */
@NullMarked
package dev.weir.perf.jmh;

import org.jspecify.annotations.NullMarked;
