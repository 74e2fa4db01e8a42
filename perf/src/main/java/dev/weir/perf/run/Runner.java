package dev.weir.perf.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.perf.load.Load;
import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Runs one scenario: starts mock and subjects, measures them in turn over the rounds, ends them. */
public final class Runner {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Settings settings;
    private final PrintStream progress;
    private final Path raw;
    private final Path scratch;

    /**
     * How a scenario is run.
     *
     * @param home the root of the repository
     * @param results the directory of this run
     * @param weirCommand how Weir is started
     * @param command what the user typed, for the report
     */
    public record Settings(
            String name, Scenario scenario, int rounds, Path home, Path results, String weirCommand, String command) {}

    private record Meters(long nanos, long subject, long mock, long load, long machine) {}

    public Runner(Settings settings, PrintStream progress) throws IOException {
        this.settings = settings;
        this.progress = progress;
        this.scratch = Files.createTempDirectory("weir-perf-");
        this.raw = Files.createDirectories(settings.results().resolve("raw"));
    }

    /** Runs it, and writes what was found. */
    public Report run() throws IOException, InterruptedException {
        Map<String, List<Round>> rounds = new LinkedHashMap<>();
        List<String> skipped = new ArrayList<>();
        try (Mock mock = Mock.start(settings.scenario().mock(), raw.resolve("mock.log"))) {
            List<Subject> subjects = new ArrayList<>();
            try {
                for (String name : settings.scenario().subjects()) {
                    start(name, mock, subjects, skipped);
                }
                subjects.forEach(subject -> rounds.put(subject.name(), new ArrayList<>()));
                for (int warming = 1; warming <= settings.scenario().warmingRounds(); warming++) {
                    for (Subject subject : subjects) {
                        warm(subject, mock);
                    }
                }
                for (int round = 1; round <= settings.rounds(); round++) {
                    List<Subject> order = new ArrayList<>(subjects);
                    Collections.shuffle(order);
                    for (Subject subject : order) {
                        progress.printf("round %d of %d: ", round, settings.rounds());
                        rounds.computeIfAbsent(subject.name(), any -> new ArrayList<>())
                                .add(measure(subject, mock, round));
                    }
                }
            } finally {
                subjects.forEach(Subject::close);
                deleteAll(scratch);
            }
        }
        Report report = new Report(settings.name(), settings.scenario(), rounds, skipped, settings.command());
        report.write(settings.results());
        return report;
    }

    private void start(String name, Mock mock, List<Subject> subjects, List<String> skipped)
            throws IOException, InterruptedException {
        Path directory = Files.createDirectory(scratch.resolve(name));
        Path log = raw.resolve(name + ".log").toAbsolutePath();
        Subject.Start start = switch (name) {
            case "direct" -> new Subject.Start.Started(Direct.to(mock));
            case "nginx" -> Nginx.start(mock, settings.home(), directory, log);
            case "weir" -> Weir.start(settings.weirCommand(), mock, settings.home(), directory, log);
            default -> throw new IOException("subjects: " + name + " (expected: direct, nginx or weir)");
        };
        switch (start) {
            case Subject.Start.Started started -> subjects.add(started.subject());
            case Subject.Start.Skipped absent -> {
                skipped.add(absent.name() + ": " + absent.why());
                progress.println(absent.name() + " is skipped: " + absent.why());
            }
        }
    }

    /** Its figures are not used; that its books are right is. */
    private void warm(Subject subject, Mock mock) throws IOException, InterruptedException {
        progress.print("warming: ");
        Round round = measure(subject, mock, 0);
        if (!round.disagreements().isEmpty()) {
            throw new IOException(
                    subject.name() + ", while it was warmed: " + String.join("; ", round.disagreements()));
        }
    }

    private Round measure(Subject subject, Mock mock, int number) throws IOException, InterruptedException {
        progress.printf("%s ... ", subject.name());
        mock.forget();
        String key = subject.freshKey();
        long idle = subject.tree().map(ProcessTree::residentBytes).orElse(0L);
        try (Child load = Child.java(Load.class, arguments(subject, key), raw.resolve("load.log"))) {
            expect(load, "measuring");
            Meters before = read(subject, mock, load);
            expect(load, "measured");
            Meters after = read(subject, mock, load);
            long resident = subject.tree().map(ProcessTree::residentBytes).orElse(0L);
            String line = line(load);
            Files.writeString(raw.resolve(subject.name() + "-" + number + ".json"), line);
            LoadResult result = JSON.readValue(line, LoadResult.class);
            Round round = new Round(
                    subject.name(),
                    number,
                    result,
                    (after.nanos() - before.nanos()) / 1e9,
                    after.subject() - before.subject(),
                    after.mock() - before.mock(),
                    after.load() - before.load(),
                    after.machine() - before.machine(),
                    idle,
                    resident,
                    disagreements(subject, key, result, mock));
            progress.printf(
                    "%.0f calls/s, p50 %.1f ms, %d failed%n",
                    result.throughput(), result.latency().p50() / 1000, result.failures());
            return round;
        }
    }

    /** The witness must have told exactly the usage that the clients were told, and a gateway's books must say the same. */
    private static List<String> disagreements(Subject subject, String key, LoadResult client, Mock mock)
            throws IOException, InterruptedException {
        Mock.Totals witness = mock.settledTotals();
        List<String> found = new ArrayList<>();
        long right = client.all(Outcome.OK);
        if (client.failures() == 0
                && (right != witness.complete()
                        || client.promptTokens() != witness.promptTokens()
                        || client.completionTokens() != witness.completionTokens())) {
            found.add("client " + right + " calls, " + client.promptTokens() + " + " + client.completionTokens()
                    + " tokens, but " + witness);
        }
        found.addAll(subject.disagreements(key, client, witness));
        return found;
    }

    private List<String> arguments(Subject subject, String key) {
        Scenario.Workload workload = settings.scenario().load();
        List<String> arguments = new ArrayList<>(List.of(
                "--url=" + subject.target(),
                "--users=" + workload.users(),
                "--seconds=" + workload.seconds(),
                "--warmup=" + workload.warmup(),
                "--ramp=" + workload.ramp(),
                "--model=" + workload.model(),
                "--key=" + key,
                "--tokens=" + workload.tokens(),
                "--prompt-bytes=" + workload.promptBytes()));
        if (workload.stream()) {
            arguments.add("--stream");
        }
        return arguments;
    }

    private static Meters read(Subject subject, Mock mock, Child load) {
        return new Meters(
                System.nanoTime(),
                subject.tree().map(ProcessTree::cpuMicros).orElse(0L),
                mock.tree().cpuMicros(),
                load.tree().cpuMicros(),
                Machine.busyMicros());
    }

    private static void deleteAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void expect(Child load, String word) throws IOException {
        String line = line(load);
        if (!line.equals(word)) {
            throw new IOException("The load says '" + line + "' (expected: " + word + ")");
        }
    }

    private static String line(Child load) throws IOException {
        String line = load.line();
        if (line == null) {
            throw new IOException("The load has ended too early, see load.log");
        }
        return line;
    }
}
