package dev.weir.perf.jmh;

import dev.weir.perf.subject.Child;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench jmh}: the pieces by themselves. */
@Command(
        name = "jmh",
        mixinStandardHelpOptions = true,
        description = "Measures the pieces of the hot path, each beside a baseline: time and allocation.")
public final class JmhCommand implements Callable<Integer> {

    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "PATTERN",
            arity = "0..1",
            defaultValue = "",
            description = "Only benchmarks whose name has this regular expression, like Serializer or Meter.*weir.")
    private String pattern = "";

    @Option(names = "--forks", defaultValue = "1", description = "JVMs for each figure (default: ${DEFAULT-VALUE}).")
    private int forks;

    @Option(
            names = "--warmups",
            defaultValue = "3",
            description = "Iterations that only warm (default: ${DEFAULT-VALUE}).")
    private int warmups;

    @Option(
            names = "--iterations",
            defaultValue = "5",
            description = "Iterations that count (default: ${DEFAULT-VALUE}).")
    private int iterations;

    @Option(names = "--seconds", defaultValue = "1", description = "Of an iteration (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Override
    public Integer call() throws IOException, RunnerException {
        TimeValue time = TimeValue.seconds(seconds);
        Options options = new OptionsBuilder()
                .include(pattern)
                .jvmArgs(jvmFlags().toArray(String[]::new))
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .forks(forks)
                .warmupIterations(warmups)
                .warmupTime(time)
                .measurementIterations(iterations)
                .measurementTime(time)
                .build();
        PieceReport report = PieceReport.of(run(options), conditions());
        Path results = Files.createDirectories(home().resolve("perf/results")
                .resolve(LocalDateTime.now(ZoneOffset.UTC).format(STAMP) + "-jmh"));
        Path file = Files.writeString(results.resolve("report.md"), report.markdown());
        System.out.println("\n" + report.markdown() + "\n" + file);
        return 0;
    }

    private Collection<RunResult> run(Options options) throws RunnerException {
        try {
            return new Runner(options).run();
        } catch (NoBenchmarksException nothing) {
            throw new ParameterException(spec.commandLine(), "no benchmark's name has " + pattern, nothing);
        }
    }

    /** What {@code gateway/bin/weir} runs with and a piece can feel. */
    private static List<String> jvmFlags() {
        List<String> flags = new ArrayList<>(
                List.of("-XX:+UseG1GC", "-Xms512m", "-Xmx512m", "-XX:MaxNewSize=96m", "-XX:G1HeapRegionSize=1m"));
        if (Child.hasLargePages()) {
            flags.add("-XX:+UseTransparentHugePages");
        }
        int feature = Runtime.version().feature();
        if (feature >= 24) {
            flags.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        }
        if (feature >= 25) {
            flags.add("-XX:+UseCompactObjectHeaders");
        }
        return flags;
    }

    private List<String> conditions() {
        return List.of(
                "Workload: a thread, " + forks + " JVM for each figure, " + warmups + " iterations of " + seconds
                        + " s that warm, " + iterations
                        + " that count; ns/op is their median (minimum to maximum)",
                "Machine: " + Runtime.getRuntime().availableProcessors() + " cores, " + System.getProperty("os.name")
                        + " " + System.getProperty("os.version") + ", " + System.getProperty("java.vm.name") + " "
                        + Runtime.version() + ", " + String.join(" ", jvmFlags()),
                "Command: `perf/bin/bench " + String.join(" ", given()) + "`");
    }

    /** The command's own arguments as they were given, for others to repeat. */
    private List<String> given() {
        return spec.commandLine().getParseResult().originalArgs();
    }

    /** The bench's own option, which stands before the command. */
    private Path home() {
        Path home = spec.parent().findOption("--home").getValue();
        return home.toAbsolutePath().normalize();
    }
}
