package dev.weir.perf.run;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A question, and the workload that answers it: a file {@code perf/scenarios/NAME.yaml}.
 *
 * @param quick the workload of {@code --quick}: a look at whether everything works, not a figure
 * @param warmingRounds in which every subject is used like that, and checked, before a round counts: a compiler at
 *     run time needs a minute of load
 * @param rounds in which every subject is measured once
 * @param subjects names of {@link Subject}s
 */
public record Scenario(
        @JsonProperty(required = true) String question,
        @JsonProperty(required = true) Mock mock,
        @JsonProperty(required = true) Workload load,
        @JsonProperty(required = true) Workload quick,
        int warmingRounds,
        @JsonProperty(required = true) int rounds,
        @JsonProperty(required = true) List<String> subjects,
        @Nullable List<Target> targets) {
    private static final String SUFFIX = ".yaml";
    private static final ObjectMapper YAML = JsonMapper.builder(new YAMLFactory())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** How the mock answers, in the words of its command line. */
    public record Mock(
            @JsonProperty(required = true) String latency,
            @JsonProperty(required = true) String gap,
            @JsonProperty(required = true) int loops) {}

    /** What the load does; see {@link dev.weir.perf.load.LoadSettings}. */
    public record Workload(
            @JsonProperty(required = true) int users,
            @JsonProperty(required = true) boolean stream,
            @JsonProperty(required = true) String model,
            @JsonProperty(required = true) int tokens,
            @JsonProperty(required = true) int promptBytes,
            @JsonProperty(required = true) double ramp,
            @JsonProperty(required = true) double warmup,
            @JsonProperty(required = true) double seconds) {}

    /**
     * What the answer must be.
     *
     * @param measure a {@link Measure}, in lower case
     * @param against another subject: then the bound is for the ratio to it
     */
    public record Target(
            @JsonProperty(required = true) String subject,
            @JsonProperty(required = true) String measure,
            @Nullable String against,
            @Nullable Double atLeast,
            @Nullable Double atMost) {}

    public Scenario {
        subjects = List.copyOf(subjects);
        targets = targets == null ? List.of() : List.copyOf(targets);
    }

    @Override
    public List<Target> targets() {
        return targets == null ? List.of() : targets;
    }

    /** The quick one: its own workload, a single round, and no target that compares, for which it is too short. */
    public Scenario quickly() {
        List<Target> absolute =
                targets().stream().filter(target -> target.against() == null).toList();
        return new Scenario(question, mock, quick, quick, 0, 1, subjects, absolute);
    }

    /**
     * Reads one by its name.
     *
     * @throws IOException saying where it was looked for, or what is wrong with it
     */
    public static Scenario read(Path directory, String name) throws IOException {
        Path file = directory.resolve(name + SUFFIX);
        if (!Files.exists(file)) {
            throw new IOException("No scenario " + name + ", there are: " + String.join(", ", names(directory)));
        }
        return YAML.readValue(file.toFile(), Scenario.class);
    }

    /** The names of all scenarios: the files that hold a question. */
    public static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Scenario::holdsQuestion)
                    .map(file -> file.getFileName().toString())
                    .map(file -> file.substring(0, file.length() - SUFFIX.length()))
                    .sorted()
                    .toList();
        }
    }

    private static boolean holdsQuestion(Path file) {
        try {
            return file.toString().endsWith(SUFFIX)
                    && YAML.readTree(file.toFile()).has("question");
        } catch (IOException e) {
            return false;
        }
    }
}
