package dev.weir.perf.jmh;

import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.MeterStore;
import dev.weir.config.AccountId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store of one key that takes every write at once: what is measured is the meter. */
final class OneRow implements MeterStore {

    @Override
    public CompletionStage<Loaded> load(String id) {
        return CompletableFuture.completedFuture(new Loaded.Absent());
    }

    @Override
    public CompletionStage<WriteResult> write(String id, long expectedRev, MeterState next) {
        return CompletableFuture.completedFuture(WriteResult.WRITTEN);
    }

    @Override
    public CompletionStage<Optional<String>> findByAlias(String alias) {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    @Override
    public CompletionStage<List<MeterState>> list(AccountId.@Nullable Kind kind, @Nullable String afterId, int limit) {
        return CompletableFuture.completedFuture(List.of());
    }
}
