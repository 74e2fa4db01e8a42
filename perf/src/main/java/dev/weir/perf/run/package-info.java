/**
 * The bench: scenarios, the processes they need, their meters, and the report.
 *
 * <p>{@link dev.weir.perf.run.Scenario} is a question as a file, {@link dev.weir.perf.run.Subject} what stands between load and
 * mock, {@link dev.weir.perf.run.Round} one measurement of one subject, {@link dev.weir.perf.run.Report} what is told of them.
 */
@NullMarked
package dev.weir.perf.run;

import org.jspecify.annotations.NullMarked;
