package dev.weir.cluster.ledger;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.sql.DataSource;

/** Temporary. */
public final class Ledger {
    public Ledger(DataSource d) {}

    public CompletionStage<Long> spendOf(String hash) {
        return CompletableFuture.completedFuture(0L);
    }

    public void close() {}
}
