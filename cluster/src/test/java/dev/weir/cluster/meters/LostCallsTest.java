package dev.weir.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Lost;
import dev.weir.cluster.ledger.LostHold;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The ledger is the test's. */
final class LostCallsTest {

    private static final HoldId HOLD = new HoldId(3, 1);
    private static final Lost LOST = new Lost(HOLD, "k", "m", 10, 20, null, null, null);

    private final Queue<HoldId> written = new ConcurrentLinkedQueue<>();

    private int write(List<LostHold> lost) {
        lost.forEach(each -> written.add(each.hold()));
        return lost.size();
    }

    @Test
    void theEndWaitsForWhatIsBeingWritten() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        LostCalls calls = new LostCalls(lost -> {
            begun.countDown();
            await(mayEnd);
            return write(lost);
        });
        calls.take(LOST);
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();

        CompletableFuture<Void> closed = CompletableFuture.runAsync(calls::close);

        Awaitility.await().during(200, TimeUnit.MILLISECONDS).until(() -> !closed.isDone());
        mayEnd.countDown();
        closed.orTimeout(10, TimeUnit.SECONDS).join();
        assertThat(written).containsExactly(HOLD);
    }

    /** Cut off as a pool of connections is. */
    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException cutOff) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(cutOff);
        }
    }

    @Test
    void whateverFailsIsTriedAgain() {
        AtomicInteger tries = new AtomicInteger();
        try (LostCalls calls = new LostCalls(lost -> {
            if (tries.incrementAndGet() == 1) {
                throw new IllegalArgumentException("not the store's fault");
            }
            return write(lost);
        })) {
            calls.take(LOST);

            Awaitility.await().untilAsserted(() -> assertThat(written).containsExactly(HOLD));
        }
    }
}
