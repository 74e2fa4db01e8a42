/** Proofs of the mock upstream, all over real sockets. */
@NullMarked
package dev.weir.streams.mock;

import org.jspecify.annotations.NullMarked;
