package dev.weir.perf.subject;

import dev.weir.perf.load.LoadResult;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Any other gateway or proxy, as its {@link SubjectFile} says. The bench knows nothing of its books. */
final class Program implements Subject {
    private static final List<Path> PLACES =
            List.of(Path.of("/usr/sbin"), Path.of("/usr/local/sbin"), Path.of("/opt/homebrew/bin"));

    private final SubjectFile file;
    private final URI base;
    private final @Nullable Child child;
    private final @Nullable ProcessTree tree;
    private final double readySeconds;
    private final List<String> headers;

    private Program(
            SubjectFile file,
            List<String> headers,
            URI base,
            @Nullable Child child,
            @Nullable ProcessTree tree,
            double readySeconds) {
        this.file = file;
        this.headers = headers;
        this.base = base;
        this.child = child;
        this.tree = tree;
        this.readySeconds = readySeconds;
    }

    static Start start(SubjectFile file, Mock mock, Path directory, Path log) throws IOException, InterruptedException {
        return file.url() == null ? started(file, mock, directory, log) : running(file);
    }

    private static Start running(SubjectFile file) throws InterruptedException {
        URI base = URI.create(String.valueOf(file.url()));
        if (Http.status(base.resolve(file.ready())) != 200) {
            return new Start.Skipped(file.name(), base.resolve(file.ready()) + " does not answer 200");
        }
        ProcessTree tree = Optional.ofNullable(file.pid())
                .flatMap(ProcessHandle::of)
                .map(ProcessTree::new)
                .orElse(null);
        return new Start.Started(new Program(file, file.headerLines(), base, null, tree, Double.NaN));
    }

    private static Start started(SubjectFile file, Mock mock, Path directory, Path log)
            throws IOException, InterruptedException {
        int port = Ports.free();
        UnaryOperator<String> filled = text -> text.replace("{port}", Integer.toString(port))
                .replace("{upstream_port}", Integer.toString(mock.port()))
                .replace("{upstream}", mock.base().toString())
                .replace("{certificate}", identity(mock, Identity::certificate))
                .replace("{key}", identity(mock, Identity::key))
                .replace("{directory}", directory.toString());
        List<String> words = Optional.ofNullable(file.start()).orElse(List.of()).stream()
                .map(filled)
                .toList();
        Optional<Path> program = found(words.getFirst());
        if (program.isEmpty()) {
            return new Start.Skipped(file.name(), words.getFirst() + " is not installed");
        }
        for (Map.Entry<String, String> written :
                Optional.ofNullable(file.files()).orElse(Map.of()).entrySet()) {
            Files.writeString(directory.resolve(written.getKey()), filled.apply(written.getValue()));
        }
        Map<String, String> environment = new HashMap<>();
        Optional.ofNullable(file.environment())
                .orElse(Map.of())
                .forEach((name, value) -> environment.put(name, filled.apply(value)));
        long began = System.nanoTime();
        Child child = Child.logged(
                Stream.concat(
                                Stream.of(program.get().toString()),
                                words.stream().skip(1))
                        .toList(),
                environment,
                log);
        URI base = mock.local(port);
        Optional<String> failure = Readiness.await(child, base.resolve(file.ready()), log);
        if (failure.isPresent()) {
            child.close();
            return new Start.Skipped(file.name(), failure.get());
        }
        double ready = (System.nanoTime() - began) / 1e9;
        return new Start.Started(
                new Program(file, file.headerLines().stream().map(filled).toList(), base, child, child.tree(), ready));
    }

    private static String identity(Mock mock, Function<Identity, Path> part) {
        return mock.identity().map(part).map(Path::toString).orElse("");
    }

    private static Optional<Path> found(String command) {
        if (command.contains("/")) {
            return Optional.of(Path.of(command)).filter(Files::isExecutable);
        }
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.concat(Stream.of(path.split(":")).map(Path::of), PLACES.stream())
                .map(folder -> folder.resolve(command))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public String name() {
        return file.name();
    }

    @Override
    public String on() {
        return file.on();
    }

    @Override
    public Optional<ProcessTree> tree() {
        return Optional.ofNullable(tree);
    }

    @Override
    public double readySeconds() {
        return readySeconds;
    }

    @Override
    public Access access(Map<String, Object> key) {
        return new Access(base.resolve(file.callPath()), file.upstreamModel(), headers);
    }

    @Override
    public void scrape() {}

    @Override
    public Books books(Access access, LoadResult client, Mock.Totals witness) {
        return Books.NONE;
    }

    @Override
    public Optional<Path> gcLog() {
        return Optional.empty();
    }

    @Override
    public void close() {
        if (child != null) {
            child.close();
        }
    }
}
