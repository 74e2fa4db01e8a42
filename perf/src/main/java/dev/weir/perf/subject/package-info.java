/** What is measured: the processes that stand between the load and the mock, how they are started, and what their books say. */
@NullMarked
package dev.weir.perf.subject;

import org.jspecify.annotations.NullMarked;
