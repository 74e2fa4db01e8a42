/**
 * Runs with a name: a question of the meter protocol each, a script that asks it of several nodes, and a judgement of its own
 * besides the one that holds for all. {@link dev.weir.perf.faults.scripts.NamedRuns} knows them; a {@code Stage} is what a
 * {@code Script} plays on.
 */
@NullMarked
package dev.weir.perf.faults.scripts;

import org.jspecify.annotations.NullMarked;
