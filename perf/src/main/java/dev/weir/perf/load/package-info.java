/**
 * The load: virtual users on one event loop that call, check every answer whole, and call again.
 *
 * <p>A user is a connection. An answer counts only when its status, each of its tokens, its end and its usage are right; what
 * fails is counted by kind and is in no latency figure. Start at {@link dev.weir.perf.load.Load}.
 */
@NullMarked
package dev.weir.perf.load;

import org.jspecify.annotations.NullMarked;
