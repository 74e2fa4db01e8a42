package dev.weir.streams.transport;

import com.typesafe.config.Config;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.dispatch.DispatcherPrerequisites;
import org.apache.pekko.dispatch.ExecutorServiceConfigurator;
import org.apache.pekko.dispatch.ExecutorServiceFactory;
import org.apache.pekko.dispatch.MonitorableThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * The thread of Pekko's own selectors, which the {@link EventLoops} name in their configuration. It waits for sockets within a task, and
 * after each task does what that has caused. Otherwise each message that comes wakes a second thread, which costs both time
 * and processor as much as the message itself.
 */
public final class LineExecutorConfigurator extends ExecutorServiceConfigurator {

    /** After so many the sockets are looked at again; the first loop does the rest. */
    private static final int MOST_TASKS_A_TURN = 256;

    private final EventLoops loops;

    public LineExecutorConfigurator(Config config, DispatcherPrerequisites prerequisites) {
        super(config, prerequisites);
        this.loops = EventLoops.running(config.getString("loops"));
    }

    @Override
    public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threadFactory) {
        ThreadFactory named = threadFactory instanceof MonitorableThreadFactory pekkos
                ? pekkos.withName(pekkos.name() + "-" + id)
                : threadFactory;
        return () -> new Line(loops, named);
    }

    private static final class Line extends ThreadPoolExecutor {

        private final EventLoops loops;

        /** Of its one thread alone. */
        private final Queue<Runnable> caused = new ArrayDeque<>();

        Line(EventLoops loops, ThreadFactory threads) {
            super(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
            this.loops = loops;
        }

        @Override
        protected void beforeExecute(Thread thread, Runnable task) {
            loops.makeHome(caused::add);
        }

        @Override
        protected void afterExecute(Runnable task, @Nullable Throwable failure) {
            if (failure instanceof VirtualMachineError || failure instanceof LinkageError) {
                Fatal.end(failure);
            }
            for (int turn = 0; turn < MOST_TASKS_A_TURN; turn++) {
                Runnable next = caused.poll();
                if (next == null) {
                    return;
                }
                next.run();
            }
            for (Runnable rest = caused.poll(); rest != null; rest = caused.poll()) {
                loops.loop(0).execute(rest);
            }
        }
    }
}
