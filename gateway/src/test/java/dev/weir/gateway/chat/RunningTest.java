package dev.weir.gateway.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class RunningTest {

    private static final long LONG = 30_000;

    private final Running running = new Running();

    @Test
    void aDrainWaitsForACallThatAsksItsMeter() throws InterruptedException {
        assertThat(running.arrive()).isTrue();
        AtomicBoolean arrived = new AtomicBoolean();
        AtomicBoolean waited = new AtomicBoolean();
        CountDownLatch draining = new CountDownLatch(1);
        Thread drain = new Thread(() -> {
            running.close();
            draining.countDown();
            try {
                running.drain(LONG);
                waited.set(arrived.get());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        drain.start();
        draining.await();

        assertThat(drain.join(Duration.ofMillis(100))).isFalse();
        arrived.set(true);
        running.arrived();
        drain.join();

        assertThat(waited).isTrue();
    }

    @Test
    void nobodyArrivesOnceItIsClosed() throws InterruptedException {
        running.close();

        assertThat(running.arrive()).isFalse();
        running.drain(LONG);

        assertThat(running.count()).isZero();
    }
}
