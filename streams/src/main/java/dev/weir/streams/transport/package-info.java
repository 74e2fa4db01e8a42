/**
 * The thread-per-core transport: Netty event loops that are Pekko dispatchers, Pekko HTTP's server layer on top of
 * them, TLS, and a guard that lets no request through whose end two parsers could see in two places.
 *
 * <p>Start at {@link dev.weir.streams.transport.HttpListener}.
 */
@NullMarked
package dev.weir.streams.transport;

import org.jspecify.annotations.NullMarked;
