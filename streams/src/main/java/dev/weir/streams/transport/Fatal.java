package dev.weir.streams.transport;

import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tasks of Pekko's on threads that are not Pekko's. It leaves what is fatal to its threads, which end the process; a loop would
 * note it and go on, with an actor or a stream that stands still for good.
 */
final class Fatal {

    private static final Logger LOG = LoggerFactory.getLogger(Fatal.class);

    private static final int FAILED = 1;

    private Fatal() {}

    /** Runs the task there; a process in which something is fatal ends at once, as if it had been killed. */
    static void executeOrEnd(Executor executor, Runnable task) {
        executor.execute(() -> {
            try {
                task.run();
            } catch (VirtualMachineError | LinkageError fatal) {
                end(fatal);
            }
        });
    }

    static void end(Throwable fatal) {
        LOG.error("This process ends, because it cannot go on", fatal);
        Runtime.getRuntime().halt(FAILED);
    }
}
