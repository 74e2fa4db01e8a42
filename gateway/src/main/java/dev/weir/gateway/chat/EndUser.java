package dev.weir.gateway.chat;

import dev.weir.gateway.door.Inbound;
import dev.weir.streams.dialect.ChatRequest;
import org.jspecify.annotations.Nullable;

/** Whom an application says that it calls for: in a header, or in the request's {@code user}. */
final class EndUser {

    private static final int LONGEST = 256;

    private EndUser() {}

    /** Cut to what can be the name of a customer; null where nobody is named. */
    static @Nullable String of(Inbound inbound, ChatRequest request) {
        String named = inbound.header("x-litellm-end-user-id")
                .or(() -> inbound.header("x-litellm-customer-id"))
                .orElse(request.user());
        if (named == null || named.isBlank()) {
            return null;
        }
        return named.length() <= LONGEST ? named : named.substring(0, LONGEST);
    }
}
