package dev.weir.gateway.cli;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** Keeps the process until a signal ends it, and makes of that signal an orderly stop with exit code 0. */
final class UntilStopped {

    private UntilStopped() {}

    /** Something to start that may fail. */
    interface Start<T> {
        T start() throws IOException, InterruptedException;
    }

    /**
     * Starts something that stops with the process, also when that is asked to end before it has started: what has begun ends
     * in order, as soon as it can.
     */
    static <T> T startAndStopWithProcess(Start<T> start, Consumer<T> stop) throws IOException, InterruptedException {
        CompletableFuture<T> started = new CompletableFuture<>();
        Thread hook = stopWithProcess(() -> {
            try {
                stop.accept(started.join());
            } catch (CancellationException failed) {
                throw new IllegalStateException("it could not start", failed);
            }
        });
        try {
            T it = start.start();
            started.complete(it);
            return it;
        } finally {
            if (!started.isDone()) {
                forget(hook);
                started.cancel(false);
            }
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // It runs already, and hears that there is nothing to stop.
        }
    }

    /**
     * Stops with the process. The JVM would exit with 128 + the signal's number however well the stop went; the stop's
     * own result is what an operator wants to know.
     */
    static Thread stopWithProcess(Runnable stop) {
        Thread hook = Thread.ofPlatform().name("weir-stop").unstarted(() -> {
            int code = 0;
            try {
                stop.run();
            } catch (RuntimeException failure) {
                System.err.println("weir: stopping failed: " + failure);
                code = Main.FAILED;
            }
            System.out.flush();
            System.err.flush();
            Runtime.getRuntime().halt(code);
        });
        Runtime.getRuntime().addShutdownHook(hook);
        return hook;
    }

    /** For good; meanwhile the heap follows what lives in it. */
    static int await() throws InterruptedException {
        try (HeapSize heap = HeapSize.following(Long.getLong(HeapSize.FREE, 0))) {
            if (heap != null) {
                heap.start();
            }
            new CountDownLatch(1).await();
        }
        return 0;
    }
}
