/** Metrics and the access log: the only package that knows Kamon. */
@NullMarked
package dev.weir.gateway.telemetry;

import org.jspecify.annotations.NullMarked;
