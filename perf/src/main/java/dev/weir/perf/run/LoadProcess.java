package dev.weir.perf.run;

import dev.weir.perf.load.Load;
import dev.weir.perf.run.Scenario.Workload;
import dev.weir.perf.subject.Child;
import dev.weir.perf.subject.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The load as a process of its own. It says when its window begins and when it has ended, and then what it found. */
final class LoadProcess implements AutoCloseable {
    private static final double USUAL_TIMEOUT = 30;

    private final Child child;

    private LoadProcess(Child child) {
        this.child = child;
    }

    /** @param eventBytes of each event that the mock sends */
    static LoadProcess start(Workload point, Subject.Access access, int eventBytes, Path log) throws IOException {
        return new LoadProcess(Child.java(Load.class, arguments(point, access, eventBytes), log));
    }

    Child child() {
        return child;
    }

    void awaitWindow() throws IOException {
        expect("measuring");
    }

    void awaitWindowsEnd() throws IOException {
        expect("measured");
    }

    /** A {@link dev.weir.perf.load.LoadResult} as JSON, once all calls are over. */
    String result() throws IOException {
        String line = child.line();
        if (line == null) {
            throw new IOException("The load has ended too early, see load.log");
        }
        return line;
    }

    private void expect(String word) throws IOException {
        String line = result();
        if (!line.equals(word)) {
            throw new IOException("The load says '" + line + "' (expected: " + word + ")");
        }
    }

    @Override
    public void close() {
        child.close();
    }

    private static List<String> arguments(Workload point, Subject.Access access, int eventBytes) {
        List<String> arguments = new ArrayList<>(List.of(
                "--url=" + access.target(),
                "--users=" + point.users(),
                "--seconds=" + point.seconds(),
                "--warmup=" + point.warmup(),
                "--ramp=" + point.ramp(),
                "--pause=" + point.pause(),
                "--timeout=" + Optional.ofNullable(point.timeout()).orElse(USUAL_TIMEOUT),
                "--model=" + access.model(),
                "--tokens=" + point.tokens(),
                "--event-bytes=" + eventBytes,
                "--prompt-bytes=" + point.promptBytes(),
                "--leave-share=" + point.leaveShare(),
                "--slow-share=" + point.slowShare(),
                "--slow-bytes=" + Math.max(1, point.slowBytes())));
        access.headers().forEach(line -> arguments.add("--header=" + line));
        point.offered().ifPresent(rate -> arguments.add("--rate=" + rate));
        flag("--poisson", point.poisson(), arguments);
        flag("--stream", point.stream(), arguments);
        flag("--refusals", point.refusals(), arguments);
        return arguments;
    }

    private static void flag(String name, boolean set, List<String> arguments) {
        if (set) {
            arguments.add(name);
        }
    }
}
