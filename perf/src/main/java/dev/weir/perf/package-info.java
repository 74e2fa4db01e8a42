/**
 * Proof: what Weir costs, measured beside a control, with every answer checked.
 *
 * <p>Three kinds of process take part: the mock upstream, a subject (nothing, nginx, Weir), the load. {@link
 * dev.weir.perf.Bench} starts them, interleaves the subjects over rounds and writes the report; {@link
 * dev.weir.perf.load.Load} is the load; {@code run} holds the rest. Apart from that, {@code jmh} measures pieces of Weir
 * by themselves.
 */
@NullMarked
package dev.weir.perf;

import org.jspecify.annotations.NullMarked;
