/**
 * How requests and answers are written: read once by pulling, never bound to objects, never re-encoded.
 *
 * <p>{@link dev.weir.streams.dialect.ChatRequestReader} reads what comes in, {@link dev.weir.streams.dialect.ChatRewrite}
 * makes what goes out, {@link dev.weir.streams.dialect.ChatFacts} sees what comes back.
 */
@NullMarked
package dev.weir.streams.dialect;

import org.jspecify.annotations.NullMarked;
