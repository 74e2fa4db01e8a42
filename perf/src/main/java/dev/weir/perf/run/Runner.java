package dev.weir.perf.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.LoadSettings;
import dev.weir.perf.run.Scenario.Workload;
import dev.weir.perf.subject.Books;
import dev.weir.perf.subject.Identity;
import dev.weir.perf.subject.Mock;
import dev.weir.perf.subject.ProcessTree;
import dev.weir.perf.subject.Subject;
import dev.weir.perf.subject.Subjects;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs one scenario: starts mock and subjects, measures them in turn over the rounds, ends them. */
public final class Runner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REMEMBERED = 200_000;

    /** Seconds: what a profile shows does not become more by being looked at for longer, and a soak is half an hour. */
    private static final double LONGEST_PROFILE = 30;

    private final Scenario scenario;
    private final Settings settings;
    private final PrintStream progress;
    private final boolean live = System.getenv("WEIR_PERF_LIVE") != null;
    private final Path raw;
    private final Path scratch;

    /**
     * How a scenario is run.
     *
     * @param results the directory of this run
     * @param command what the user typed, for the report
     * @param profile what a flame graph of Weir is made of after the rounds: see {@link FlameGraph#EVENTS}, or {@code off}
     */
    public record Settings(Subjects subjects, Path results, String command, String profile) {}

    public Runner(Scenario scenario, Settings settings, PrintStream progress) throws IOException {
        this.scenario = scenario;
        this.settings = settings;
        this.progress = progress;
        this.scratch = Files.createTempDirectory("weir-perf-");
        this.raw = Files.createDirectories(settings.results().resolve("raw"));
    }

    /** Runs it. */
    public Run run() throws IOException, InterruptedException {
        String at = LocalDateTime.now(ZoneOffset.UTC)
                .truncatedTo(ChronoUnit.SECONDS)
                .toString();
        List<Round> rounds = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        Map<String, String> on = new LinkedHashMap<>();
        try (Mock mock = Mock.start(
                        scenario.mock(),
                        scenario.tokens(),
                        scenario.hasLeavers() ? REMEMBERED : 0,
                        scenario.tls() ? Identity.in(scratch) : null,
                        raw.resolve("mock.log"));
                Running subjects = new Running(scenario, settings.subjects(), mock, scratch, raw, progress)) {
            subjects.startAll();
            subjects.byName().values().forEach(subject -> on.put(subject.name(), subject.on()));
            if (scenario.warming() != null && !scenario.fresh()) {
                for (Subject subject : subjects.byName().values()) {
                    warm(subject, scenario.warming(), mock);
                }
            }
            for (int number = 1; number <= scenario.rounds(); number++) {
                for (Workload point : scenario.points()) {
                    List<String> order = new ArrayList<>(subjects.byName().keySet());
                    Collections.shuffle(order);
                    for (String name : order) {
                        Subject subject = subjects.forMeasuring(name);
                        if (scenario.warming() != null && scenario.fresh()) {
                            warm(subject, scenario.warming(), mock);
                        }
                        progress.printf(
                                "%s, round %d of %d, %s: ", scenario.name(), number, scenario.rounds(), point.name());
                        rounds.add(measure(subject, point, mock, number, null));
                    }
                }
            }
            profile(subjects, mock, notes);
            crossCheck(mock, notes);
            subjects.skipped().forEach((name, why) -> notes.add("Skipped: " + name + ": " + why));
        } finally {
            deleteAll(scratch);
        }
        return new Run(
                scenario,
                settings.command(),
                at,
                Machine.commit(settings.subjects().home()),
                Machine.described(),
                Runtime.getRuntime().availableProcessors(),
                on,
                rounds,
                notes);
    }

    /** Its figures are not used; that its books are right is. */
    private void warm(Subject subject, Workload workload, Mock mock) throws IOException, InterruptedException {
        progress.printf("%s, warming: ", scenario.name());
        Round round = measure(subject, workload, mock, 0, null);
        if (!round.disagreements().isEmpty()) {
            throw new IOException(
                    subject.name() + ", while it was warmed: " + String.join("; ", round.disagreements()));
        }
    }

    /** A flame graph of Weir in one more round, which does not count. */
    private void profile(Running subjects, Mock mock, List<String> notes) throws IOException, InterruptedException {
        Subject weir = subjects.byName().get("weir");
        if (settings.profile().equals("off") || weir == null) {
            return;
        }
        progress.printf("%s, flame graph (%s): ", scenario.name(), settings.profile());
        Workload point = scenario.points().getLast();
        measure(weir, point.lasting(Math.min(point.seconds(), LONGEST_PROFILE)), mock, 0, settings.profile());
        Path file = flameGraph();
        notes.add(
                Files.exists(file)
                        ? "Flame graph of Weir (" + settings.profile() + ", "
                                + point.name() + "): [" + file.getFileName() + "]("
                                + file.getFileName() + ")"
                        : "No flame graph: async-profiler could not attach");
    }

    private Path flameGraph() {
        return settings.results().resolve("flame-" + settings.profile() + ".html");
    }

    private void crossCheck(Mock mock, List<String> notes) throws IOException, InterruptedException {
        if (!scenario.subjects().contains("direct") || scenario.tls()) {
            return;
        }
        if (!Wrk.isInstalled()) {
            notes.add("wrk is not installed: the load was not held against another");
            return;
        }
        for (Workload point : scenario.points()) {
            if (!point.stream() && point.offered().isEmpty()) {
                LoadSettings.Call call =
                        new LoadSettings.Call("mock", List.of(), false, point.tokens(), 0, point.promptBytes());
                Wrk.ask(mock.base().resolve("/v1/chat/completions"), point.users(), call.body(), scratch)
                        .ifPresent(notes::add);
            }
        }
    }

    private Round measure(Subject subject, Workload point, Mock mock, int number, @Nullable String profile)
            throws IOException, InterruptedException {
        progress.printf("%s ... ", subject.name());
        progress.flush();
        mock.forget();
        Subject.Access access = subject.access(point.keySettings());
        Thread.sleep(
                (long) (point.idle() * 1000)); // what is asked is how a process stands that nobody calls for so long
        long idle = subject.tree().map(ProcessTree::residentBytes).orElse(0L);
        try (LoadProcess load =
                        LoadProcess.start(point, access, scenario.mock().eventBytes(), raw.resolve("load.log"));
                Sampler sampler = new Sampler(subject, mock, load.child(), this::show)) {
            load.awaitWindow();
            long from = System.currentTimeMillis();
            Sampler.Reading before = sampler.read();
            if (profile != null) {
                look(subject, profile, (int) point.seconds() - 1);
            }
            load.awaitWindowsEnd();
            Sampler.Reading after = sampler.read();
            long upTo = System.currentTimeMillis();
            long resident = subject.tree().map(ProcessTree::residentBytes).orElse(0L);
            long proportional =
                    subject.tree().map(ProcessTree::proportionalBytes).orElse(0L);
            String line = load.result();
            List<Sample> samples = sampler.end();
            Files.writeString(
                    raw.resolve(subject.name() + "-" + point.name().replaceAll("[^A-Za-z0-9.]+", "-") + "-" + number
                            + ".json"),
                    line);
            LoadResult result = JSON.readValue(line, LoadResult.class);
            Mock.Totals witness = mock.settledTotals();
            Books books = subject.books(access, result, witness);
            List<String> disagreements = new ArrayList<>(Evidence.witnessed(result, point, witness));
            disagreements.addAll(books.disagreements());
            if (subject.tree().filter(tree -> !tree.isAlive()).isPresent()) {
                disagreements.add("the process has ended");
            }
            Round round = new Round(
                    subject.name(),
                    point.name(),
                    number,
                    point.offered().isPresent() ? 0 : point.users(),
                    point.refusals(),
                    result.brief(),
                    new Round.Usage(
                            (after.nanos() - before.nanos()) / 1e9,
                            after.subject() - before.subject(),
                            after.mock() - before.mock(),
                            after.load() - before.load(),
                            after.machine() - before.machine(),
                            after.stolen() - before.stolen(),
                            idle,
                            resident,
                            proportional),
                    Evidence.findings(
                            subject, point, result, books, mock, Evidence.pauses(subject, from, upTo), upTo - from),
                    samples,
                    disagreements);
            progress.printf(
                    Locale.ROOT,
                    "%s%.0f calls/s, p50 %.1f ms, %d failed%s%n",
                    live ? "\r\033[K" + subject.name() + " " : "",
                    result.throughput(),
                    result.latency().p50() / 1000,
                    result.failures(point.refusals()),
                    disagreements.isEmpty() ? "" : ", VOID");
            return round;
        }
    }

    private void show(Sample sample) {
        if (live) {
            progress.printf(
                    Locale.ROOT,
                    "\r\033[K%.0f s: subject %.2f cores, %.0f MB; load %.2f, mock %.2f",
                    sample.second(),
                    sample.subject(),
                    sample.residentMb(),
                    sample.load(),
                    sample.mock());
            progress.flush();
        }
    }

    private void look(Subject subject, String event, int seconds) {
        subject.tree().ifPresent(tree -> {
            try {
                FlameGraph.record(tree.pid(), event, Math.max(1, seconds), flameGraph());
            } catch (IOException e) {
                progress.print("(no flame graph: " + e.getMessage() + ") ");
            }
        });
    }

    private static void deleteAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
