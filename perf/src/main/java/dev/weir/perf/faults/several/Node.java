package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.FakeClock;
import dev.weir.perf.faults.site.Gateway;
import dev.weir.perf.faults.site.SlowWire;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One of several gateways, and its way to the store. A supervisor starts it again when it ends by itself, as it says that it does
 * when the others go on without it.
 */
public final class Node {

    /** What a Weir ends with that is of no use any more, or could not start. */
    private static final int FAILED = 1;

    /** What a process ends with that was asked to before it listened to that. */
    private static final int TERMINATED = 128 + 15;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(60);
    private static final Duration READY_PATIENCE = Duration.ofSeconds(60);
    private static final int MOST_FAILED_STARTS = 8;
    private static final long RESTART_MILLIS = 1_000;
    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(2);
    private static final Duration CLOCK_PATIENCE = Duration.ofSeconds(5);

    private final int number;
    private final String address;
    private final Gateway gateway;
    private final SlowWire wire;
    private final FakeClock clock;
    private final AtomicBoolean taken = new AtomicBoolean();
    private final AtomicInteger restarts = new AtomicInteger();
    private final Thread supervisor = Thread.ofVirtual().unstarted(this::supervise);
    private volatile boolean attended;
    private volatile boolean wasReady;
    private volatile @Nullable String broken;

    Node(int number, String address, Gateway gateway, SlowWire wire, FakeClock clock) {
        this.number = number;
        this.address = address;
        this.gateway = gateway;
        this.wire = wire;
        this.clock = clock;
    }

    public int number() {
        return number;
    }

    /** Where other nodes reach it. */
    public String address() {
        return address;
    }

    public Gateway gateway() {
        return gateway;
    }

    public SlowWire wire() {
        return wire;
    }

    public FakeClock clock() {
        return clock;
    }

    /** One thing at a time happens to a node. */
    boolean take() {
        return taken.compareAndSet(false, true);
    }

    void giveBack() {
        taken.set(false);
    }

    /** From its next start on, which is soon. */
    void letClockBeSet() throws IOException, InterruptedException {
        if (gateway.has(clock.environment())) {
            return;
        }
        if (attended) {
            leave();
        }
        gateway.add(clock.environment());
    }

    /** False when it has not come to be seen, for a while: its process reads it once a second. */
    boolean setClock(Duration offset) throws IOException, InterruptedException {
        clock.set(offset);
        long end = System.nanoTime() + CLOCK_PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            Instant there = gateway.door().time();
            if (there != null
                    && Duration.between(Instant.now().plus(offset), there).abs().compareTo(CLOCK_TOLERANCE) < 0) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(100); // a process outside, there is nothing to be notified by
        }
        return false;
    }

    /** Starts it. From now on it is kept running. */
    public void launch() throws IOException {
        wasReady = false;
        gateway.launch();
        attended = true;
        if (supervisor.getState() == Thread.State.NEW) {
            supervisor.start();
        }
    }

    /** Waits until it is ready. Where the store is away, it may have to be started more than once. */
    void awaitReady() throws IOException, InterruptedException {
        long end = System.nanoTime() + READY_PATIENCE.toNanos();
        while (!gateway.door().isReady()) {
            if (broken != null || System.nanoTime() - end > 0) {
                throw new IOException("node " + (number + 1) + " did not become ready");
            }
            TimeUnit.MILLISECONDS.sleep(20); // a process outside, there is nothing to be notified by
        }
    }

    /** Whatever ends it now is somebody's will. */
    public void unattended() {
        attended = false;
    }

    public boolean isAttended() {
        return attended;
    }

    /** Ends it as an operator does. It may find out meanwhile that it has to end by itself, or not have begun to start yet. */
    public void leave() throws IOException, InterruptedException {
        unattended();
        boolean hadBegun = wasReady;
        int exit = gateway.stop(STOP_PATIENCE);
        if (exit == FAILED) {
            restarts.incrementAndGet();
        } else if (exit != 0 && (hadBegun || exit != TERMINATED)) {
            throw new IOException("node " + (number + 1) + " left with exit code " + exit);
        }
    }

    /** {@code kill -9}; nobody starts it again. */
    public void kill() throws InterruptedException {
        unattended();
        gateway.kill();
    }

    /** How often it was started again because it had ended by itself. */
    public int restarts() {
        return restarts.get();
    }

    /** Why it is no use to start it again. */
    @Nullable
    String broken() {
        return broken;
    }

    private void supervise() {
        int failedStarts = 0;
        try {
            while (broken == null) {
                TimeUnit.MILLISECONDS.sleep(100); // a process outside, there is nothing to be notified by
                if (attended && gateway.door().isReady()) {
                    wasReady = true;
                }
                if (!attended || gateway.isAlive()) {
                    continue;
                }
                failedStarts = wasReady ? 0 : failedStarts + 1;
                wasReady = false;
                if (gateway.exit() != FAILED || failedStarts > MOST_FAILED_STARTS) {
                    broken = "node " + (number + 1) + " ended with " + gateway.exit();
                } else {
                    TimeUnit.MILLISECONDS.sleep(RESTART_MILLIS); // as a supervisor waits
                    restart();
                }
            }
        } catch (IOException impossible) {
            broken = "node " + (number + 1) + ": " + impossible.getMessage();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void restart() throws IOException {
        if (attended) {
            restarts.incrementAndGet();
            gateway.launch();
        }
    }

    /** Ends it for good. */
    void end() throws InterruptedException, IOException {
        attended = false;
        supervisor.interrupt();
        supervisor.join();
        gateway.end();
        wire.close();
    }
}
