/** Proofs of the binary form: what comes across, and what damaged bytes do. */
@NullMarked
package dev.weir.cluster.wire;

import org.jspecify.annotations.NullMarked;
