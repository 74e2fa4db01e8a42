package dev.weir.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cluster.store.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AuthorityTest {

    @TempDir
    Path directory = Path.of("");

    @Test
    void aNodeThatHasLeftMayNotActAnyMore() {
        try (Database database = Database.open(directory)) {
            NodeTable table = new NodeTable(database);
            Authority authority =
                    new Authority(database, table, table.register("1"), () -> true, (rows, now) -> {}, () -> {});
            authority.start();
            assertThat(authority.holds()).isTrue();

            authority.close();

            assertThat(authority.holds()).isFalse();
        }
    }

    @Test
    void aClockThatIsSetCostsTheRightForAMomentOnly() {
        AtomicLong setBy = new AtomicLong();
        InstantSource wall = () -> Instant.now().plusMillis(setBy.get());
        try (Database database = Database.open(directory)) {
            NodeTable table = new NodeTable(database);
            try (Authority authority = new Authority(
                    database,
                    table,
                    table.register("1"),
                    () -> true,
                    (rows, now) -> {},
                    () -> {},
                    Duration.ofHours(1),
                    wall)) {
                authority.start();

                setBy.set(Duration.ofDays(1).toMillis());

                Awaitility.await().until(authority::holds);
            }
        }
    }
}
