/**
 * Connections to upstreams: bounded per deployment, timed, confined to loops, and every permit comes back.
 *
 * <p>Start at {@link dev.weir.streams.pool.UpstreamPool#send}.
 */
@NullMarked
package dev.weir.streams.pool;

import org.jspecify.annotations.NullMarked;
