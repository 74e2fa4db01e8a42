/** A gateway by itself, with the embedded store or PostgreSQL, while what it needs is taken away. */
@NullMarked
package dev.weir.perf.faults.alone;

import org.jspecify.annotations.NullMarked;
