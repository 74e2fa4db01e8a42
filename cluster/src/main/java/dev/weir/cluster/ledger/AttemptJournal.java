package dev.weir.cluster.ledger;

import java.nio.file.Path;

/** Temporary. */
public final class AttemptJournal {
    public static AttemptJournal open(Path dir, long bytes) {
        return new AttemptJournal();
    }

    public boolean begin(AttemptBegun b) {
        return true;
    }

    public void end(AttemptEnded e) {}

    public long usedBytes() {
        return 0;
    }
}
