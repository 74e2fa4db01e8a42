package dev.weir.streams.transport;

import com.typesafe.config.Config;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.dispatch.DispatcherPrerequisites;
import org.apache.pekko.dispatch.ExecutorServiceConfigurator;
import org.apache.pekko.dispatch.ExecutorServiceFactory;

/** Makes one of the {@link EventLoops}, or the caller's, the executor of a Pekko dispatcher; named in their configuration only. */
public final class LoopExecutorConfigurator extends ExecutorServiceConfigurator {

    private final EventLoops loops;
    private final Executor executor;

    public LoopExecutorConfigurator(Config config, DispatcherPrerequisites prerequisites) {
        super(config, prerequisites);
        this.loops = EventLoops.running(config.getString("loops"));
        this.executor = config.hasPath("loop") ? loops.loop(config.getInt("loop")) : loops::executeAtCallers;
    }

    @Override
    public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threadFactory) {
        return () -> new LoopExecutor(loops, executor);
    }

    /** The loops outlive the dispatcher: they belong to {@link EventLoops}, so nothing is shut down here. */
    private static final class LoopExecutor extends AbstractExecutorService {

        private final EventLoops loops;
        private final Executor executor;

        LoopExecutor(EventLoops loops, Executor executor) {
            this.loops = loops;
            this.executor = executor;
        }

        @Override
        public void execute(Runnable task) {
            Fatal.executeOrEnd(executor, task);
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return loops.isShuttingDown();
        }

        @Override
        public boolean isTerminated() {
            return loops.isTerminated();
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }
}
