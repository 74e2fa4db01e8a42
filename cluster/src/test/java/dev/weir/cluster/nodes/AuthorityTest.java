package dev.weir.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cluster.store.Database;
import java.nio.file.Path;
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
}
