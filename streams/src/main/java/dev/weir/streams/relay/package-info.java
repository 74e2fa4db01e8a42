/**
 * One call's way along its deployments, and what of their answers reaches the client: the attempt walk, the relay of
 * event streams, and the metering beside it.
 *
 * <p>Start at {@link dev.weir.streams.relay.AttemptWalk}.
 */
@NullMarked
package dev.weir.streams.relay;

import org.jspecify.annotations.NullMarked;
