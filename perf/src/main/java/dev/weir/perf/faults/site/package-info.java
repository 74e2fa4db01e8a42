/**
 * What runs are made of: a {@link dev.weir.perf.faults.site.Gateway} is a process of Weir's and a {@link dev.weir.perf.faults.site.Door}
 * what is asked of it, the {@link dev.weir.perf.faults.site.Database} with its {@link dev.weir.perf.faults.site.SlowWire}s and the
 * {@link dev.weir.perf.faults.site.Network} are what it stands on, and {@link dev.weir.perf.faults.site.Fault} what can be done to
 * it. Nothing here knows of load or judgement.
 */
@NullMarked
package dev.weir.perf.faults.site;

import org.jspecify.annotations.NullMarked;
