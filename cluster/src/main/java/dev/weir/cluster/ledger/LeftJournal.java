package dev.weir.cluster.ledger;

import dev.weir.cluster.store.Database;
import dev.weir.cluster.store.StoreException;
import dev.weir.config.DatabaseUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** The journal of a node that will not start again, or not soon: carried into the ledger without starting the node. */
public final class LeftJournal {

    private LeftJournal() {}

    /**
     * Writes the rows of all attempts in the journal of a data directory, as the node's next start would. Other nodes may use
     * the store meanwhile. Blocks.
     *
     * @param data the data directory, which no Weir uses meanwhile
     * @param url of the node's PostgreSQL; null for the store in the directory
     * @throws StoreException when there is no journal or no store, or either is in use
     * @throws JournalException when the store cannot be written, or does not know the journal
     */
    public static Shipper.Recovered recover(Path data, @Nullable DatabaseUrl url, InstantSource clock) {
        require(data, AttemptJournal.FILE, "a data directory of a node");
        if (url == null) {
            require(data, Database.FILE, "a data directory with its store, or the URL of its PostgreSQL");
        }
        try (Database database = Database.open(data, url);
                AttemptJournal journal = AttemptJournal.asItIs(data)) {
            return new Shipper(journal, database.writing(), clock, Shipper.Watch.NONE).recover();
        }
    }

    private static void require(Path data, String file, String expected) {
        if (!Files.exists(data.resolve(file))) {
            throw new StoreException(
                    "data directory " + data.toAbsolutePath() + " has no " + file + " (expected: " + expected + ")");
        }
    }
}
