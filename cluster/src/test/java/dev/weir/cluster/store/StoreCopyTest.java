package dev.weir.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.actors.meter.HoldId;
import dev.weir.cluster.ledger.AttemptJournal;
import dev.weir.cluster.ledger.Ledger;
import dev.weir.cluster.ledger.LedgerQuery;
import dev.weir.cluster.ledger.LostHold;
import dev.weir.cluster.ledger.LostHolds;
import dev.weir.cluster.ledger.Shipper;
import dev.weir.config.DatabaseUrl;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StoreCopyTest {

    @TempDir
    Path directory = Path.of("");

    @Test
    void aProvisionalRowIsOneInTheStoreThatItIsMovedTo() {
        try (Database database = Database.open(directory)) {
            shipper(database).carries(3);
            new LostHolds(database.writing(), InstantSource.system())
                    .write(List.of(new LostHold(new HoldId(3, 1), "key", "m", 10, 20, "team", null, null, null, 0)));
        }
        DatabaseUrl url = PostgresServer.newDatabase();

        StoreCopy.move(directory, url);

        try (Database database = Database.open(directory, url)) {
            Ledger ledger = new Ledger(database.reports());
            assertThat(ledger.attempts(LedgerQuery.ALL, 10, 0)).singleElement().matches(row -> row.provisional());
            assertThat(ledger.spendOf("team/team")).isEqualTo(20);

            shipper(database);

            assertThat(ledger.attempts(LedgerQuery.ALL, 10, 0)).isEmpty();
            assertThat(ledger.spendOf("team/team")).isZero();
        }
    }

    private Shipper shipper(Database database) {
        AttemptJournal journal = AttemptJournal.open(directory, AttemptJournal.LEAST_BYTES);
        Shipper shipper = new Shipper(journal, database.writing(), InstantSource.system(), Shipper.Watch.NONE);
        shipper.recover();
        return shipper;
    }
}
