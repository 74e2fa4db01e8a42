package dev.weir.gateway.cli;

import java.util.concurrent.CountDownLatch;

/** Keeps the process until a signal ends it, and makes of that signal an orderly stop with exit code 0. */
final class UntilStopped {

    private UntilStopped() {}

    /**
     * Stops with the process. The JVM would exit with 128 + the signal's number however well the stop went; the stop's
     * own result is what an operator wants to know.
     */
    static void stopWithProcess(Runnable stop) {
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
