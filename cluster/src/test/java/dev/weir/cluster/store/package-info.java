@NullMarked
package dev.weir.cluster.store;

import org.jspecify.annotations.NullMarked;
