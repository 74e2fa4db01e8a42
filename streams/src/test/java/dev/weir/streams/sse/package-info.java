@NullMarked
package dev.weir.streams.sse;

import org.jspecify.annotations.NullMarked;
