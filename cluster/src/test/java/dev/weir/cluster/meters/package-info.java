@NullMarked
package dev.weir.cluster.meters;

import org.jspecify.annotations.NullMarked;
