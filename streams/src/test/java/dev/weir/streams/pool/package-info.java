@NullMarked
package dev.weir.streams.pool;

import org.jspecify.annotations.NullMarked;
