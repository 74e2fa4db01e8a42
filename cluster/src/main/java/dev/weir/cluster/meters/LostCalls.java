package dev.weir.cluster.meters;

import dev.weir.actors.meter.Lost;
import dev.weir.cluster.ledger.LostHold;
import dev.weir.cluster.ledger.LostHolds;
import dev.weir.cluster.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries calls whose door is gone into the ledger, in a thread of its own: meters never wait for the store. */
final class LostCalls implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LostCalls.class);
    private static final int BATCH = 500;
    private static final long AGAIN_MILLIS = 500;

    private final LostHolds ledger;
    private final LinkedBlockingQueue<LostHold> queue = new LinkedBlockingQueue<>();
    private final Thread thread =
            Thread.ofPlatform().name("weir-lost-calls").daemon(true).unstarted(this::writeAll);

    LostCalls(LostHolds ledger) {
        this.ledger = ledger;
        thread.start();
    }

    void take(Lost lost) {
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
                LOG.info("{} calls of nodes that are gone are charged what they held", ledger.write(batch));
                return;
            } catch (StoreException failure) {
                if (!failed) {
                    failed = true;
                    LOG.warn("calls of nodes that are gone cannot be written yet: {}", failure.getMessage());
                }
                TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
            }
        }
    }

    /** Writes what waits, for a moment. */
    @Override
    public void close() {
        try {
            for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
                    !queue.isEmpty() && System.nanoTime() - end < 0; ) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            thread.interrupt();
            thread.join(2_000);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
