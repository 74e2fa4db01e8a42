package dev.weir.perf.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.perf.load.Load;
import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.LoadSettings;
import dev.weir.perf.load.Outcome;
import dev.weir.perf.run.Scenario.Workload;
import dev.weir.perf.subject.Books;
import dev.weir.perf.subject.Child;
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
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs one scenario: starts mock and subjects, measures them in turn over the rounds, ends them. */
public final class Runner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REMEMBERED = 200_000;
    private static final double USUAL_TIMEOUT = 30;

    private final Scenario scenario;
    private final Settings settings;
    private final PrintStream progress;
    private final boolean live = System.getenv("WEIR_PERF_LIVE") != null;
    private final Path raw;
    private final Path scratch;
    private int started;

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
        Map<String, String> skipped = new LinkedHashMap<>();
        try (Mock mock = Mock.start(
                        scenario.mock(),
                        scenario.tokens(),
                        scenario.hasLeavers() ? REMEMBERED : 0,
                        scenario.tls() ? Identity.in(scratch) : null,
                        raw.resolve("mock.log"));
                Started subjects = new Started(mock, skipped)) {
            subjects.startAll();
            subjects.running.values().forEach(subject -> on.put(subject.name(), subject.on()));
            if (scenario.warming() != null) {
                for (Subject subject : subjects.running.values()) {
                    warm(subject, scenario.warming(), mock);
                }
            }
            for (int number = 1; number <= scenario.rounds(); number++) {
                for (Workload point : scenario.points()) {
                    List<String> order = new ArrayList<>(subjects.running.keySet());
                    Collections.shuffle(order);
                    for (String name : order) {
                        progress.printf(
                                "%s, round %d of %d, %s: ", scenario.name(), number, scenario.rounds(), point.name());
                        rounds.add(measure(subjects.forMeasuring(name), point, mock, number, null));
                    }
                }
            }
            profile(subjects, mock, notes);
            crossCheck(mock, notes);
        } finally {
            deleteAll(scratch);
        }
        skipped.forEach((name, why) -> notes.add("Skipped: " + name + ": " + why));
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

    /** The subjects that run, by the names they have in the scenario. */
    private final class Started implements AutoCloseable {
        private final Mock mock;
        private final Map<String, String> skipped;
        private final Map<String, Subject> running = new LinkedHashMap<>();

        Started(Mock mock, Map<String, String> skipped) {
            this.mock = mock;
            this.skipped = skipped;
        }

        void startAll() throws IOException, InterruptedException {
            for (String name : scenario.subjects()) {
                start(name);
            }
        }

        /** This one, started anew where the scenario is about starting. */
        Subject forMeasuring(String name) throws IOException, InterruptedException {
            Subject subject = running.get(name);
            if (scenario.fresh() && subject != null && subject.tree().isPresent()) {
                subject.close();
                start(name);
                subject = running.get(name);
            }
            if (subject == null) {
                throw new IOException(name + " does not start any more: " + skipped.get(name));
            }
            return subject;
        }

        private void start(String name) throws IOException, InterruptedException {
            running.remove(name);
            Path directory = Files.createDirectory(scratch.resolve("subject-" + started++));
            Path log = raw.resolve(name.replaceAll(".*/", "") + ".log").toAbsolutePath();
            switch (settings.subjects().start(name, mock, directory, log)) {
                case Subject.Start.Started it -> running.put(name, it.subject());
                case Subject.Start.Skipped absent -> {
                    skipped.put(absent.name(), absent.why());
                    progress.println(absent.name() + " is skipped: " + absent.why());
                }
            }
        }

        @Override
        public void close() {
            running.values().forEach(Subject::close);
        }
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
    private void profile(Started subjects, Mock mock, List<String> notes) throws IOException, InterruptedException {
        Subject weir = subjects.running.get("weir");
        if (settings.profile().equals("off") || weir == null) {
            return;
        }
        progress.printf("%s, flame graph (%s): ", scenario.name(), settings.profile());
        measure(weir, scenario.points().getLast(), mock, 0, settings.profile());
        Path file = flameGraph();
        notes.add(
                Files.exists(file)
                        ? "Flame graph of Weir (" + settings.profile() + ", "
                                + scenario.points().getLast().name() + "): [" + file.getFileName() + "]("
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
        long idle = subject.tree().map(ProcessTree::residentBytes).orElse(0L);
        try (Child load = Child.java(Load.class, arguments(point, access), raw.resolve("load.log"));
                Sampler sampler = new Sampler(subject, mock, load, this::show)) {
            expect(load, "measuring");
            long from = System.currentTimeMillis();
            Sampler.Reading before = sampler.read();
            if (profile != null) {
                look(subject, profile, (int) point.seconds() - 1);
            }
            expect(load, "measured");
            Sampler.Reading after = sampler.read();
            long upTo = System.currentTimeMillis();
            long resident = subject.tree().map(ProcessTree::residentBytes).orElse(0L);
            long proportional =
                    subject.tree().map(ProcessTree::proportionalBytes).orElse(0L);
            String line = line(load);
            List<Sample> samples = sampler.end();
            Files.writeString(
                    raw.resolve(subject.name() + "-" + point.name().replaceAll("[^A-Za-z0-9.]+", "-") + "-" + number
                            + ".json"),
                    line);
            LoadResult result = JSON.readValue(line, LoadResult.class);
            Mock.Totals witness = mock.settledTotals();
            Books books = subject.books(access, result, witness);
            List<String> disagreements = new ArrayList<>(witnessed(result, point, witness));
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
                            idle,
                            resident,
                            proportional),
                    findings(subject, point, result, books, mock, pauses(subject, from, upTo), upTo - from),
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

    /** The witness must have told exactly the usage that the clients were told. */
    private static List<String> witnessed(LoadResult client, Workload point, Mock.Totals witness) {
        if (client.failures(point.refusals()) > 0) {
            return List.of();
        }
        long right = client.all(Outcome.OK);
        long left = client.all(Outcome.LEFT);
        boolean agree = left == 0
                ? right == witness.complete()
                        && client.tokens().prompt() == witness.promptTokens()
                        && client.tokens().completion() == witness.completionTokens()
                : right <= witness.complete() && witness.complete() <= right + left;
        return agree
                ? List.of()
                : List.of("client " + right + " calls (" + left + " left), " + client.tokens() + ", but " + witness);
    }

    private static GcLog pauses(Subject subject, long from, long upTo) throws IOException {
        Optional<Path> log = subject.gcLog().filter(Files::exists);
        return log.isPresent() ? GcLog.read(log.get()).between(from, upTo) : new GcLog(List.of());
    }

    private static Round.Findings findings(
            Subject subject, Workload point, LoadResult result, Books books, Mock mock, GcLog log, long windowMillis)
            throws IOException, InterruptedException {
        Leaving leaving =
                result.leavers().isEmpty() ? new Leaving(List.of()) : Leaving.of(result.leavers(), mock.sightings());
        boolean left = leaving.count() > 0;
        boolean collected = !log.pauses().isEmpty();
        Double limit = subject.name().equals("weir") && point.keySettings().get("rpm_limit") instanceof Number number
                ? number.doubleValue()
                : null;
        double ok = result.all(Outcome.OK);
        return new Round.Findings(
                Double.isNaN(subject.readySeconds()) ? null : subject.readySeconds(),
                books.permitsLeaked(),
                books.unmetered(),
                limit == null ? null : Math.max(0, ok - limit),
                limit == null || result.all(Outcome.REFUSED) == 0 ? null : Math.max(0, limit - ok),
                left ? leaving.percentile(0.5) : null,
                left ? leaving.percentile(0.99) : null,
                left ? leaving.longest() : null,
                left ? (double) leaving.count() : null,
                collected
                        ? log.pauses().stream()
                                .mapToDouble(GcLog.Pause::millis)
                                .max()
                                .orElse(0)
                        : null,
                collected
                        ? log.pauses().stream().mapToDouble(GcLog.Pause::millis).sum() / windowMillis
                        : null,
                collected ? (double) log.pauses().getLast().heapBytes() : null);
    }

    private List<String> arguments(Workload point, Subject.Access access) {
        List<String> arguments = new ArrayList<>(List.of(
                "--url=" + access.target(),
                "--users=" + point.users(),
                "--seconds=" + point.seconds(),
                "--warmup=" + point.warmup(),
                "--ramp=" + point.ramp(),
                "--timeout=" + Optional.ofNullable(point.timeout()).orElse(USUAL_TIMEOUT),
                "--model=" + access.model(),
                "--tokens=" + point.tokens(),
                "--event-bytes=" + scenario.mock().eventBytes(),
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
