@NullMarked
package dev.weir.streams.transport;

import org.jspecify.annotations.NullMarked;
