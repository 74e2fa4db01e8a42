package dev.weir.cluster.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.cluster.store.Database;
import dev.weir.cluster.store.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LeftJournalTest {

    @TempDir
    Path directory = Path.of("");

    private Path file = Path.of("");

    @BeforeEach
    void anAttemptIsRunningWhenTheProcessDies() {
        file = directory.resolve(AttemptJournal.FILE);
        try (Database database = Database.open(directory)) {
            AttemptJournal journal = AttemptJournal.open(directory, 2 * AttemptJournal.LEAST_BYTES);
            new Shipper(journal, database.writing(), InstantSource.system(), Shipper.Watch.NONE).recover();
            journal.begin(Attempts.begun(Attempts.id(1, 1), 5));
        }
    }

    @Test
    void itsRowsAreWrittenOnceAndTheFileStaysAsLongAsItIs() throws Exception {
        long length = Files.size(file);

        Shipper.Recovered first = LeftJournal.recover(directory, null, InstantSource.system());
        Shipper.Recovered again = LeftJournal.recover(directory, null, InstantSource.system());

        assertThat(first).isEqualTo(new Shipper.Recovered(0, 1, 0));
        assertThat(again).isEqualTo(new Shipper.Recovered(0, 0, 0));
        assertThat(Files.size(file)).isEqualTo(length);
    }

    @Test
    void withoutItsStoreItIsLeftAlone() throws Exception {
        Files.delete(directory.resolve(Database.FILE));

        assertThatThrownBy(() -> LeftJournal.recover(directory, null, InstantSource.system()))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("has no weir.db (expected: a data directory with its store, or the URL");
        assertThat(directory.resolve(Database.FILE)).doesNotExist();
    }
}
