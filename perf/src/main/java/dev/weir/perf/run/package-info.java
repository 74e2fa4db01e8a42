/**
 * Measuring: {@link dev.weir.perf.run.Scenario} is a question as a file, {@link dev.weir.perf.run.Runner} what asks it, {@link
 * dev.weir.perf.run.Round} one measurement of one subject at one point, {@link dev.weir.perf.run.Run} all of them.
 */
@NullMarked
package dev.weir.perf.run;

import org.jspecify.annotations.NullMarked;
