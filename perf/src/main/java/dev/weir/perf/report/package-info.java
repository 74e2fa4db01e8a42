/** What is told of a run: figures, verdicts, tables, plots. */
@NullMarked
package dev.weir.perf.report;

import org.jspecify.annotations.NullMarked;
