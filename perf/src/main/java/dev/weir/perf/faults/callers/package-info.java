/** The load: clients that go on whatever becomes of a call, and what they were told. */
@NullMarked
package dev.weir.perf.faults.callers;

import org.jspecify.annotations.NullMarked;
