package dev.weir.cluster.ledger;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of the ledger. What is null does not matter.
 *
 * @param from attempts that started then or later
 * @param to attempts that started before
 */
public record LedgerQuery(
        @Nullable String requestId,
        @Nullable String keyHash,
        @Nullable String userId,
        @Nullable Instant from,
        @Nullable Instant to) {

    public static final LedgerQuery ALL = new LedgerQuery(null, null, null, null, null);

    public static LedgerQuery ofRequest(String requestId) {
        return new LedgerQuery(requestId, null, null, null, null);
    }

    public static LedgerQuery ofKey(String keyHash) {
        return new LedgerQuery(null, keyHash, null, null, null);
    }

    public static LedgerQuery between(Instant from, Instant to) {
        return new LedgerQuery(null, null, null, from, to);
    }
}
