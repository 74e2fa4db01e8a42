/**
 * Where meters live: one sharded entity per key, started with its first message and gone when idle. Start at
 * {@link dev.weir.cluster.meters.Node}, which makes this process a node; {@link dev.weir.cluster.meters.Meters} is what
 * the gateway calls. Who asks sees methods and stages, never an actor.
 */
@NullMarked
package dev.weir.cluster.meters;

import org.jspecify.annotations.NullMarked;
