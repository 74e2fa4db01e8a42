package dev.weir.cluster.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The same on PostgreSQL. */
class PostgresLostHoldsTest extends LostHoldsTest {

    private static final String WAITING =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

    @Override
    Tables tables() {
        return Tables.onPostgres();
    }

    /** A process that everybody takes for dead goes on, and ships the attempt while others write it as lost. */
    @Test
    void aBatchWaitsForWhoWritesOfItsAttempts() throws Exception {
        Shipper shipper = door();
        begin(attempt(1, 1));
        end(attempt(1, 1), 40);
        CompletableFuture<Future<Boolean>> shipping = new CompletableFuture<>();
        int written;
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            moody.atCommit(() -> {
                shipping.complete(other.submit(shipper::ship));
                await().until(() -> tables.number(WAITING) == 1);
            });

            written = lost.write(List.of(hold(1)));
            shipping.get().get();
        }

        assertThat(written).isEqualTo(1);
        assertThat(failures).hasValue(0);
        assertThat(rows()).containsExactly("7-1.1 completed 40");
    }

    @Test
    void whoWritesAsLostWaitsForABatch() throws Exception {
        Moody slow = new Moody(tables.source());
        Shipper shipper = door(slow.asDataSource());
        begin(attempt(1, 1));
        end(attempt(1, 1), 40);
        CompletableFuture<Future<Integer>> writing = new CompletableFuture<>();
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            slow.atCommit(() -> {
                writing.complete(other.submit(() -> lost.write(List.of(hold(1)))));
                await().until(() -> tables.number(WAITING) == 1);
            });

            shipper.ship();
            writing.get().get();
        }

        assertThat(failures).hasValue(0);
        assertThat(rows()).containsExactly("7-1.1 completed 40", "7-1.2 lost 9000 ?");
    }

    @Test
    void twoNodesMayBeTheFirstToWriteWhatAKeyHasSpent() throws Exception {
        LostHolds another = new LostHolds(tables.source(), CLOCK);
        CompletableFuture<Future<Integer>> writing = new CompletableFuture<>();
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            moody.atCommit(() -> {
                writing.complete(other.submit(() -> another.write(List.of(strange(1)))));
                await().until(() -> tables.number(WAITING) == 1);
            });

            lost.write(List.of(hold(1)));

            assertThat(writing.get().get()).isEqualTo(1);
        }
        assertThat(rows()).containsExactly("7-1.1 lost 9000 ?", "8-1.1 lost 9000 ?");
    }
}
