/**
 * Which nodes there are over one store, and what each of them may do: {@link dev.weir.cluster.nodes.NodeTable} is the record,
 * {@link dev.weir.cluster.nodes.Authority} this node's right to act, {@link dev.weir.cluster.nodes.Neighbours} its knowledge of
 * the others.
 */
@NullMarked
package dev.weir.cluster.nodes;

import org.jspecify.annotations.NullMarked;
