package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store in the memory that can be told to stall, to fail, and to lose the answer of a write that happened. */
final class MemoryStore implements MeterStore {

    /** What happens to writes. */
    enum Mood {
        WELL,
        /** Nothing happens and nobody is told. */
        FAILING,
        /** It happens and nobody is told. */
        ANSWER_LOST,
        /** Nothing happens, and it never will. */
        REFUSING,
        /** Nothing happens until {@link #release}. */
        STALLED
    }

    private final Map<String, MeterState> rows = new HashMap<>();
    private final Deque<Runnable> stalled = new ArrayDeque<>();
    private @Nullable String unreadable;
    private Mood mood = Mood.WELL;
    private int writes;
    private long ledger;

    synchronized void be(Mood next) {
        mood = next;
    }

    synchronized void ledger(long nanoUsd) {
        ledger = nanoUsd;
    }

    synchronized void unreadable(@Nullable String reason) {
        unreadable = reason;
    }

    void release() {
        List<Runnable> all;
        synchronized (this) {
            mood = Mood.WELL;
            all = List.copyOf(stalled);
            stalled.clear();
        }
        all.forEach(Runnable::run);
    }

    synchronized int writes() {
        return writes;
    }

    synchronized @Nullable MeterState row(String id) {
        return rows.get(id);
    }

    synchronized MeterState existing(String id) {
        MeterState row = rows.get(id);
        if (row == null) {
            throw new AssertionError("no row " + id);
        }
        return row;
    }

    synchronized void put(MeterState state) {
        rows.put(state.id(), state);
    }

    @Override
    public synchronized CompletionStage<Loaded> load(String id) {
        MeterState row = rows.get(id);
        if (unreadable != null) {
            return CompletableFuture.completedFuture(new Loaded.Unreadable(unreadable));
        }
        return CompletableFuture.completedFuture(row == null ? new Loaded.Absent() : new Loaded.Present(row, ledger));
    }

    @Override
    public synchronized CompletionStage<WriteResult> write(String id, long expectedRev, MeterState next) {
        writes++;
        return switch (mood) {
            case WELL -> CompletableFuture.completedFuture(apply(expectedRev, next));
            case FAILING -> CompletableFuture.failedFuture(new IllegalStateException("no answer"));
            case REFUSING -> CompletableFuture.completedFuture(WriteResult.REFUSED);
            case ANSWER_LOST -> {
                apply(expectedRev, next);
                yield CompletableFuture.failedFuture(new IllegalStateException("answer lost"));
            }
            case STALLED -> {
                CompletableFuture<WriteResult> answer = new CompletableFuture<>();
                stalled.add(() -> answer.complete(apply(expectedRev, next)));
                yield answer;
            }
        };
    }

    private synchronized WriteResult apply(long expectedRev, MeterState next) {
        MeterState row = rows.get(next.id());
        if ((row == null ? 0 : row.rev()) != expectedRev) {
            return WriteResult.CONFLICT;
        }
        String alias = next.settings().alias();
        boolean taken = alias != null
                && !next.tombstone()
                && rows.values().stream()
                        .anyMatch(other -> !other.id().equals(next.id())
                                && !other.tombstone()
                                && alias.equals(other.settings().alias()));
        if (taken) {
            return WriteResult.ALIAS_TAKEN;
        }
        rows.put(next.id(), next);
        return WriteResult.WRITTEN;
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
