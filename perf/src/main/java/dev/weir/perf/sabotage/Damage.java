package dev.weir.perf.sabotage;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What the broken methods call. Public, because their code is the product's. */
public final class Damage {

    private static final int PERMITS = 20;
    private static final int ROWS = 100;
    private static final long BURN_NANOS = 200_000;

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
