@NullMarked
package dev.weir.streams.relay;

import org.jspecify.annotations.NullMarked;
