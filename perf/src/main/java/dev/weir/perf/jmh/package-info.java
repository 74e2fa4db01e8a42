/**
 * The pieces of the hot path, each beside a baseline, measured with JMH: what does a call's share of it cost in time and
 * in memory? {@link dev.weir.perf.jmh.JmhCommand} runs them, {@code Piece} names them.
 *
 * <p>A benchmark has two methods, {@code weir} and {@code baseline}, over the same state, and checks what comes out. The
 * only package of the bench that links parts of Weir: everything else measures a process.
 */
@NullMarked
package dev.weir.perf.jmh;

import org.jspecify.annotations.NullMarked;
