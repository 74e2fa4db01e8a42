package dev.weir.cluster.meters;

import dev.weir.actors.meter.Lost;
import dev.weir.cluster.ledger.LostHold;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries calls whose door is gone into the ledger, in a thread of its own: meters never wait for the store. */
final class LostCalls implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LostCalls.class);
    private static final int BATCH = 500;
    private static final long AGAIN_MILLIS = 500;

    private final ToIntFunction<List<LostHold>> ledger;
    private final AtomicInteger waiting = new AtomicInteger();
    private final LinkedBlockingQueue<LostHold> queue = new LinkedBlockingQueue<>();
    private final Thread thread =
            Thread.ofPlatform().name("weir-lost-calls").daemon(true).unstarted(this::writeAll);

    /** @param ledger writes all of them or none, and says how many were new */
    LostCalls(ToIntFunction<List<LostHold>> ledger) {
        this.ledger = ledger;
        thread.start();
    }

    void take(Lost lost) {
        waiting.incrementAndGet();
        queue.add(new LostHold(
                lost.hold(),
                lost.key(),
                lost.model(),
                lost.tokens(),
                lost.nanoUsd(),
                lost.teamId(),
                lost.userId(),
                lost.organizationId(),
                null,
                0));
    }

    private void writeAll() {
        List<LostHold> batch = new ArrayList<>(BATCH);
        try {
            while (true) {
                batch.add(queue.take());
                queue.drainTo(batch, BATCH - 1);
                writeUntilDone(batch);
                waiting.addAndGet(-batch.size());
                batch.clear();
            }
        } catch (InterruptedException closed) {
            // who owns the meters from now on finds the holds again
        }
    }

    private void writeUntilDone(List<LostHold> batch) throws InterruptedException {
        boolean failed = false;
        while (true) {
            try {
                LOG.info("{} calls of nodes that are gone are charged what they held", ledger.applyAsInt(batch));
                return;
            } catch (RuntimeException failure) {
                if (!failed) {
                    failed = true;
                    LOG.warn("calls of nodes that are gone cannot be written yet", failure);
                }
                TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
            }
        }
    }

    /** Writes what waits and what is in hand, for a moment. */
    @Override
    public void close() {
        try {
            for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
                    waiting.get() > 0 && System.nanoTime() - end < 0; ) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            thread.interrupt();
            thread.join(2_000);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
