package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** nginx as a bare proxy with one worker: no authentication, no limits, no log. It does none of a gateway's work. */
record Nginx(Child child, URI target) implements Subject {
    private static final List<Path> PLACES =
            List.of(Path.of("/usr/sbin/nginx"), Path.of("/usr/local/sbin/nginx"), Path.of("/opt/homebrew/bin/nginx"));

    static Start start(Mock mock, Path home, Path directory, Path log) throws IOException, InterruptedException {
        Optional<Path> binary = binary();
        if (binary.isEmpty()) {
            return new Start.Skipped("nginx", "nginx is not installed");
        }
        int port = Ports.free();
        String configuration = Files.readString(home.resolve("perf/scenarios/nginx.conf"))
                .replace("{directory}", directory.toString())
                .replace("{upstream}", Integer.toString(mock.port()))
                .replace("{port}", Integer.toString(port));
        Path file = Files.writeString(directory.resolve("nginx.conf"), configuration);
        Child child = Child.logged(
                List.of(binary.get().toString(), "-c", file.toString(), "-p", directory.toString()), Map.of(), log);
        Nginx nginx = new Nginx(child, URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"));
        if (!Readiness.await(child, nginx.target().resolve("/v1/models"))) {
            child.close();
            return new Start.Skipped("nginx", "nginx did not start, see " + log);
        }
        return new Start.Started(nginx);
    }

    private static Optional<Path> binary() {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.concat(Stream.of(path.split(":")).map(folder -> Path.of(folder, "nginx")), PLACES.stream())
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public String name() {
        return "nginx";
    }

    @Override
    public Optional<ProcessTree> tree() {
        return Optional.of(child.tree());
    }

    @Override
    public String freshKey() {
        return "";
    }

    @Override
    public List<String> disagreements(String key, LoadResult client, Mock.Totals witness) {
        return List.of();
    }

    @Override
    public void close() {
        child.close();
    }
}
