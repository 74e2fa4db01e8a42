package dev.weir.perf.run;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.weir.perf.subject.Mock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A question, and the workloads that answer it: a file {@code perf/scenarios/NAME.yaml}.
 *
 * @param name the file's
 * @param config of Weir, beside the scenario
 * @param tls whether mock and subjects speak TLS
 * @param fresh whether every subject is started anew for each measurement
 * @param points workloads in which every subject is measured, once a round
 * @param warming what every subject goes through, and is checked in, before a round counts: a compiler at run time needs a
 *     minute of load
 * @param subjects names, see {@link dev.weir.perf.subject.Subjects}
 */
public record Scenario(
        String name,
        String question,
        Mock.Settings mock,
        String config,
        boolean tls,
        boolean fresh,
        List<Workload> points,
        @Nullable Workload warming,
        int rounds,
        List<String> subjects,
        List<Target> targets) {
    private static final String SUFFIX = ".yaml";
    private static final String USUAL_CONFIG = "weir-full.yaml";
    private static final ObjectMapper YAML = JsonMapper.builder(new YAMLFactory())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    public Scenario {
        points = List.copyOf(points);
        subjects = List.copyOf(subjects);
        targets = List.copyOf(targets);
    }

    /**
     * What the load does; see {@link dev.weir.perf.load.LoadSettings}.
     *
     * @param name of the point in the report
     * @param rate calls a second of an open loop, of at most {@code users} connections; a closed loop has none
     * @param pause the most seconds that a user of a closed loop waits before it calls again
     * @param idle seconds before the load in which nobody calls; at their end the subject's memory before it is read
     * @param slowBytes that a slow reader reads a second
     * @param refusals whether 429 and 503 are expected
     * @param key what the key is to have, by the names of {@code /key/generate}
     */
    public record Workload(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) int users,
            @Nullable Double rate,
            boolean poisson,
            double pause,
            double idle,
            @JsonProperty(required = true) boolean stream,
            @JsonProperty(required = true) int tokens,
            @JsonProperty(required = true) int promptBytes,
            @JsonProperty(required = true) double ramp,
            @JsonProperty(required = true) double warmup,
            @JsonProperty(required = true) double seconds,
            @Nullable Double timeout,
            double leaveShare,
            double slowShare,
            int slowBytes,
            boolean refusals,
            @Nullable Map<String, Object> key) {

        /** What the key is to have besides the usual. */
        public Map<String, Object> keySettings() {
            return key == null ? Map.of() : key;
        }

        /** The same in a measured window of so many seconds. */
        Workload lasting(double windowSeconds) {
            ObjectNode node = YAML.valueToTree(this);
            node.put("seconds", windowSeconds);
            return YAML.convertValue(node, Workload.class);
        }

        /** The calls a second that are offered, when it is an open loop. */
        public Optional<Double> offered() {
            return Optional.ofNullable(rate);
        }
    }

    /**
     * What the answer must be.
     *
     * @param point the name of one; every one when it is not given
     * @param measure a {@code Measure}, in lower case
     * @param against another subject: then the bound is for the ratio to it
     * @param above another subject: then the bound is for the difference from it
     * @param againstPoint another point of the same subject: then the bound is for the ratio to it
     */
    public record Target(
            @Nullable String point,
            @JsonProperty(required = true) String subject,
            @JsonProperty(required = true) String measure,
            @Nullable String against,
            @Nullable String above,
            @Nullable String againstPoint,
            @Nullable Double atLeast,
            @Nullable Double atMost) {

        /** Whether it holds a figure against another figure. */
        public boolean compares() {
            return against != null || above != null || againstPoint != null;
        }
    }

    private record Written(
            @JsonProperty(required = true) String question,
            @JsonProperty(required = true) Mock.Settings mock,
            @Nullable String config,
            boolean tls,
            boolean fresh,
            @JsonProperty(required = true) ObjectNode load,
            @JsonProperty(required = true) List<ObjectNode> points,
            @Nullable ObjectNode warming,
            @JsonProperty(required = true) int rounds,
            @JsonProperty(required = true) List<String> subjects,
            @Nullable List<Target> targets,
            @JsonProperty(required = true) Quick quick) {}

    /** What is different when it only has to be seen that everything works. */
    private record Quick(
            @Nullable ObjectNode load, @Nullable List<ObjectNode> points) {}

    /**
     * Reads one by its name.
     *
     * @param quick a small workload in a single round without a target that compares, for which it is too short
     * @throws IOException saying where it was looked for, or what is wrong with it
     */
    public static Scenario read(Path directory, String name, boolean quick) throws IOException {
        Path file = directory.resolve(name + SUFFIX);
        if (!Files.exists(file)) {
            throw new IOException("No scenario " + name + ", there are: " + String.join(", ", names(directory)));
        }
        try {
            return of(name, YAML.readValue(file.toFile(), Written.class), quick);
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** The names of all scenarios: the files that hold a mock's settings. */
    public static List<String> names(Path directory) throws IOException {
        return having("mock", directory);
    }

    /** Those that are questions by themselves; the others are parts of a table. */
    public static List<String> withTargets(Path directory) throws IOException {
        List<String> withTargets = having("targets", directory);
        return names(directory).stream().filter(withTargets::contains).toList();
    }

    static List<String> having(String field, Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<String> names = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(SUFFIX) && YAML.readTree(file.toFile()).has(field)) {
                    names.add(name.substring(0, name.length() - SUFFIX.length()));
                }
            }
            return names;
        }
    }

    /** With these subjects besides its own. */
    public Scenario with(List<String> more) {
        List<String> all = new ArrayList<>(subjects);
        more.stream().filter(name -> !all.contains(name)).forEach(all::add);
        return new Scenario(name, question, mock, config, tls, fresh, points, warming, rounds, all, targets);
    }

    /** Measured in so many rounds. */
    public Scenario rounds(int number) {
        return new Scenario(name, question, mock, config, tls, fresh, points, warming, number, subjects, targets);
    }

    /** With measured windows of so many seconds. */
    public Scenario seconds(double seconds) {
        List<Workload> longer =
                points.stream().map(point -> point.lasting(seconds)).toList();
        return new Scenario(name, question, mock, config, tls, fresh, longer, warming, rounds, subjects, targets);
    }

    /** Only these points of its own. */
    public Scenario at(Collection<String> names) {
        List<Workload> some =
                points.stream().filter(point -> names.contains(point.name())).toList();
        return new Scenario(name, question, mock, config, tls, fresh, some, warming, rounds, subjects, targets);
    }

    /** Only these subjects of its own. */
    public Scenario only(List<String> some) {
        return new Scenario(name, question, mock, config, tls, fresh, points, warming, rounds, some, targets);
    }

    /** How many tokens the mock answers with, at every point. */
    int tokens() {
        return points.getFirst().tokens();
    }

    /** Whether clients leave in the middle, so that the mock has to remember single requests. */
    boolean hasLeavers() {
        return points.stream().anyMatch(point -> point.leaveShare() > 0);
    }

    private static Scenario of(String name, Written written, boolean quick) throws IOException {
        ObjectNode base = written.load().deepCopy();
        List<ObjectNode> points = written.points();
        List<Target> targets = Optional.ofNullable(written.targets()).orElse(List.of());
        if (quick) {
            Optional.ofNullable(written.quick().load()).ifPresent(base::setAll);
            points = Optional.ofNullable(written.quick().points()).orElse(points);
            targets = targets.stream()
                    .filter(target -> !target.compares() && target.point() == null)
                    .toList();
        }
        List<Workload> workloads = new ArrayList<>();
        for (ObjectNode point : points) {
            workloads.add(workload(base, point));
        }
        long lengths = workloads.stream().map(Workload::tokens).distinct().count();
        if (lengths != 1) {
            throw new IOException(
                    "points: " + lengths + " different numbers of tokens (expected: one, for a mock has one)");
        }
        Workload warming = quick || written.warming() == null ? null : workload(base, warming(written.warming()));
        return new Scenario(
                name,
                written.question().strip(),
                written.mock(),
                Optional.ofNullable(written.config()).orElse(USUAL_CONFIG),
                written.tls(),
                written.fresh(),
                workloads,
                warming,
                quick ? 1 : written.rounds(),
                written.subjects(),
                targets);
    }

    private static ObjectNode warming(ObjectNode written) {
        ObjectNode named = written.deepCopy();
        named.put("name", "warming");
        return named;
    }

    private static Workload workload(ObjectNode base, ObjectNode point) throws IOException {
        ObjectNode whole = base.deepCopy();
        whole.setAll(point);
        Workload workload = YAML.treeToValue(whole, Workload.class);
        if (workload.ramp() > workload.warmup()) {
            throw new IOException(workload.name() + ": ramp " + workload.ramp() + " (expected: <= the warm-up, "
                    + workload.warmup() + ")");
        }
        return workload;
    }
}
