/** The doors and the wiring: HTTP, admission, API routes, admin API, command line. Start at {@link dev.weir.gateway.Weir}. */
@NullMarked
package dev.weir.gateway;

import org.jspecify.annotations.NullMarked;
