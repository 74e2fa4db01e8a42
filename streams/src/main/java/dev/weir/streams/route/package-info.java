/** Which deployments to try, in which order: pure functions of a snapshot. */
@NullMarked
package dev.weir.streams.route;

import org.jspecify.annotations.NullMarked;
