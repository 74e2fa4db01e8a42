package dev.weir.perf.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import one.profiler.AsyncProfilerLoader;

/** A flame graph of a JVM by async-profiler, as one HTML file. */
final class FlameGraph {
    /** What can be looked at. */
    static final List<String> EVENTS = List.of("cpu", "wall", "alloc", "lock");

    private static final double LEAST_PERCENT = 0.1;

    private FlameGraph() {}

    /**
     * Looks at a process for some seconds, and waits that long.
     *
     * @throws IOException saying why it could not
     */
    static void record(long pid, String event, int seconds, Path file) throws IOException {
        AsyncProfilerLoader.ExecutionResult result = AsyncProfilerLoader.executeProfiler(
                "-d",
                Integer.toString(seconds),
                "-e",
                event,
                "--minwidth",
                Double.toString(LEAST_PERCENT),
                "-f",
                file.toString(),
                Long.toString(pid));
        if (!result.getStderr().isBlank() && !Files.exists(file)) {
            throw new IOException(result.getStderr().strip());
        }
    }
}
