package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where meters outlive their processes: one row each, replaced whole and only over the revision that the writer knew.
 *
 * <p>A stage that fails means that the outcome is not known: the write may have happened.
 */
public interface MeterStore {

    CompletionStage<Loaded> load(String id);

    /** What is under an id. */
    sealed interface Loaded {
        /** Nothing, ever. */
        record Absent() implements Loaded {}

        /**
         * A row.
         *
         * @param ledgerNanoUsd what the ledger has for it
         */
        record Present(MeterState state, long ledgerNanoUsd) implements Loaded {}

        /** A row that this version cannot read; never taken for an empty one. */
        record Unreadable(String reason) implements Loaded {}
    }

    /**
     * Writes {@code next}, whose revision is {@code expectedRev + 1}, over the row of revision {@code expectedRev}; 0
     * means that there must be no row.
     */
    CompletionStage<WriteResult> write(String id, long expectedRev, MeterState next);

    /** What became of a write. */
    enum WriteResult {
        /** Durable. */
        WRITTEN,
        /** The row has another revision; nothing was changed. */
        CONFLICT,
        /** Another key has this alias; nothing was changed. */
        ALIAS_TAKEN,
        /** The store cannot take what it says, now or later; nothing was changed. */
        REFUSED
    }

    /** The id of the key with this alias. */
    CompletionStage<Optional<String>> findByAlias(String alias);

    /**
     * Rows in the order of their ids, beginning after {@code afterId}; without deleted and unreadable ones.
     *
     * @param kind of accounts; null for keys
     */
    CompletionStage<List<MeterState>> list(AccountId.@Nullable Kind kind, @Nullable String afterId, int limit);
}
