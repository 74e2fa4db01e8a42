/** How tokens flow: transport, upstream pool, dialect, routing and the attempt walk, SSE framing, relay, metering. */
@NullMarked
package dev.weir.streams;

import org.jspecify.annotations.NullMarked;
