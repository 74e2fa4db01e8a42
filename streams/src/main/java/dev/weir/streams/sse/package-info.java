/** Server-sent events, framed without being changed. */
@NullMarked
package dev.weir.streams.sse;

import org.jspecify.annotations.NullMarked;
