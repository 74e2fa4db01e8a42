@NullMarked
package dev.weir.cluster.nodes;

import org.jspecify.annotations.NullMarked;
