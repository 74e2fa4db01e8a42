package dev.weir.perf.subject;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Finds a subject by its name: {@code direct}, {@code weir}, a file {@code perf/subjects/NAME.yaml} or the path of any other.
 *
 * @param weirCommand how Weir is started, see {@link Weir.Launch#command()}
 * @param weirConfig the configuration it is started with
 * @param javaOptions further JVM flags of Weir
 */
public record Subjects(Path home, String weirCommand, Path weirConfig, List<String> javaOptions) {
    public Subjects {
        javaOptions = List.copyOf(javaOptions);
    }

    /**
     * Starts one.
     *
     * @param directory its own, empty
     * @param log where its output goes
     * @throws IOException when there is none of this name
     */
    public Subject.Start start(String name, Mock mock, Path directory, Path log)
            throws IOException, InterruptedException {
        return switch (name) {
            case "direct" -> new Subject.Start.Started(Direct.to(mock));
            case "weir" ->
                Weir.start(new Weir.Launch(weirCommand, home, weirConfig, javaOptions), mock, directory, log);
            default -> Program.start(SubjectFile.read(file(name)), mock, directory, log);
        };
    }

    private Path file(String name) throws IOException {
        Path known = home.resolve("perf/subjects/" + name + ".yaml");
        Path file = Files.exists(known) ? known : Path.of(name);
        if (!Files.exists(file)) {
            throw new IOException("subjects: " + name + " (expected: direct, weir, one of perf/subjects, or a file)");
        }
        return file;
    }
}
