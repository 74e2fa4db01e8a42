/**
 * What every call sends between its door and its meter, as bytes: {@link dev.weir.cluster.wire.CallSerializer} writes
 * reservations, settlements and their answers, four messages a call. Whatever else is {@code Wire} goes as CBOR.
 *
 * <p>{@code Output} and {@code Input} are the alphabet, the layouts are the words. A layout never changes under its
 * version: cluster/README.md says when there has to be a new one.
 */
@NullMarked
package dev.weir.cluster.wire;

import org.jspecify.annotations.NullMarked;
