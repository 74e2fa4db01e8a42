package dev.weir.perf.subject;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the books of a subject say of a round.
 *
 * @param disagreements with client and witness: the round is void unless it is empty
 * @param permitsLeaked upstream connections that it still counts as in use when nobody calls; null when it has no such books
 * @param unmetered tokens that clients have and the ledger does not
 */
public record Books(
        List<String> disagreements,
        @Nullable Double permitsLeaked,
        @Nullable Double unmetered) {
    /** Of what keeps none. */
    public static final Books NONE = new Books(List.of(), null, null);

    public Books {
        disagreements = List.copyOf(disagreements);
    }
}
