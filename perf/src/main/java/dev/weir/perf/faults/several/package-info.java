/**
 * Several gateways over one PostgreSQL, each on a machine of its own as far as the network can tell, while nodes die, stand
 * still, and lose sight of each other. A {@link dev.weir.perf.faults.several.ClusterRun} is one run, {@code ClusterSite} its
 * processes, {@code Disturbance} what happens to them, {@code Quotas} what may be used.
 */
@NullMarked
package dev.weir.perf.faults.several;

import org.jspecify.annotations.NullMarked;
