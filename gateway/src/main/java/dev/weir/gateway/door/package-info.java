/**
 * The front door: requests in, responses out, refusals in the shapes that clients know.
 *
 * <p>Start at {@link dev.weir.gateway.door.Door}.
 */
@NullMarked
package dev.weir.gateway.door;

import org.jspecify.annotations.NullMarked;
