package dev.weir.perf.sabotage;

import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.MeterStore;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the broken methods call. Public, because their code is the product's. */
public final class Damage {

    private static final int PERMITS = 20;
    private static final int ROWS = 100;
    private static final long BURN_NANOS = 200_000;

    private static final long LATE_MILLIS = 3_000;

    private static final ScheduledExecutorService LATER = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("sabotage").daemon(true).factory());
    private static final Map<Object, Object> SETTLED = new ConcurrentHashMap<>();
    private static final AtomicLong CHANCES = new AtomicLong();
    private static final LongAdder DONE = new LongAdder();

    private Damage() {}

    /** In the place of how much a call needs of a limit. */
    public static long holdsNothing(Object slice, Object need) {
        DONE.increment();
        return 0;
    }

    /** Whether a permit is kept that should go back. */
    public static boolean keeps() {
        return oneOf(PERMITS);
    }

    /** Whether a row is lost that should be written. */
    public static boolean loses() {
        return oneOf(ROWS);
    }

    /** Keeps the processor busy for as long as a good gateway needs for two calls. */
    public static void burn() {
        DONE.increment();
        long end = System.nanoTime() + BURN_NANOS;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    /** In the place of a write: says that it is durable, and lets it come true later. Of a new row it tells the truth. */
    public static CompletionStage<?> acknowledges(Object store, Object id, long expectedRev, Object next) {
        Supplier<CompletionStage<?>> write =
                () -> ((MeterStore) store).write((String) id, expectedRev, (MeterState) next);
        if (expectedRev == 0) {
            return write.get();
        }
        DONE.increment();
        LATER.schedule(write::get, LATE_MILLIS, TimeUnit.MILLISECONDS);
        return CompletableFuture.completedFuture(MeterStore.WriteResult.WRITTEN);
    }

    /** In the place of taking out what is to be settled: what was settled before is there again. */
    public static @Nullable Object settlesAgain(Object holds, Object hold) {
        Object open = ((Map<?, ?>) holds).remove(hold);
        if (open != null) {
            SETTLED.put(hold, open);
            return open;
        }
        Object before = SETTLED.get(hold);
        if (before != null) {
            DONE.increment();
        }
        return before;
    }

    /** Whether a node may act, and whether a row has what it wrote: yes. */
    public static boolean isSure(boolean answer) {
        if (!answer) {
            DONE.increment();
        }
        return true;
    }

    /** The time at which a node's right to act was renewed: some time in any case. */
    public static OptionalLong isRenewed(OptionalLong answer) {
        if (answer.isPresent()) {
            return answer;
        }
        DONE.increment();
        return OptionalLong.of(System.currentTimeMillis());
    }

    private static boolean oneOf(int chances) {
        boolean now = CHANCES.incrementAndGet() % chances == 0;
        if (now) {
            DONE.increment();
        }
        return now;
    }

    /** How often the product has been harmed. */
    static long done() {
        return DONE.sum();
    }
}
