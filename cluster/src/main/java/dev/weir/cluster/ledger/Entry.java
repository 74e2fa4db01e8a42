package dev.weir.cluster.ledger;

import dev.weir.config.price.Usage;

/** What a record of the journal says. */
sealed interface Entry {

    AttemptId id();

    record Begun(AttemptBegun attempt) implements Entry {
        @Override
        public AttemptId id() {
            return attempt.id();
        }
    }

    /** What the attempt has used so far. */
    record Progressed(AttemptId id, Usage usage, long nanoUsd) implements Entry {}

    record Ended(AttemptEnded attempt) implements Entry {
        @Override
        public AttemptId id() {
            return attempt.id();
        }
    }
}
