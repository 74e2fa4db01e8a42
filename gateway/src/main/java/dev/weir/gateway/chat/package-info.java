/**
 * Chat completions: where deciding (meters) and carrying (streams) are joined for one call.
 *
 * <p>Start at {@link dev.weir.gateway.chat.ChatRoute}.
 */
@NullMarked
package dev.weir.gateway.chat;

import org.jspecify.annotations.NullMarked;
