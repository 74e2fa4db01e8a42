package dev.weir.perf.faults.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A process of Weir's, one after the other over the same data. */
public final class Gateway {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /**
     * Where and how it runs.
     *
     * @param home the root of the repository
     * @param directory that has its configuration, data and log
     * @param within a command that runs the rest of its line elsewhere; empty for here
     * @param bind the address that it binds
     * @param door where it is called
     * @param options further ones of {@code weir serve}
     */
    public record Place(
            Path home, Path directory, List<String> within, String bind, int port, Door door, List<String> options) {
        public Place {
            within = List.copyOf(within);
            options = List.copyOf(options);
        }

        public Path data() {
            return directory.resolve("data");
        }

        Path config() {
            return directory.resolve("config.yaml");
        }

        public Path log() {
            return directory.resolve("weir.log");
        }
    }

    private final Place place;
    private final Map<String, String> environment = new ConcurrentHashMap<>();
    private final Thread atExit = new Thread(this::abandon, "weir-gateway-end");
    private volatile @Nullable Process process;

    public Gateway(Place place, Catalogue catalogue, Map<String, String> environment) throws IOException {
        this.place = place;
        this.environment.putAll(environment);
        Files.createDirectories(place.data());
        Files.writeString(place.config(), catalogue.yaml());
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    public Door door() {
        return place.door();
    }

    /** What its next process has to be started with besides. */
    public void add(Map<String, String> more) {
        environment.putAll(more);
    }

    public boolean has(Map<String, String> more) {
        return environment.entrySet().containsAll(more.entrySet());
    }

    /** Starts it, and does not wait. */
    public void launch() throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "serve",
                "--config",
                place.config().toString(),
                "--host",
                place.bind(),
                "--port",
                Integer.toString(place.port()),
                "--data",
                place.data().toString()));
        arguments.addAll(place.options());
        process = weir(arguments);
    }

    /** Starts it, and waits until it is ready. */
    public void start() throws IOException, InterruptedException {
        launch();
        awaitReady();
    }

    private Process weir(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(place.within());
        command.add(place.home().resolve("gateway/bin/weir").toString());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(place.log().toFile()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** @throws IOException when it ends before */
    public void awaitReady() throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!door().isReady()) {
            if (!process().isAlive() || System.nanoTime() - end > 0) {
                throw new IOException("the gateway did not become ready, see " + place.log());
            }
            TimeUnit.MILLISECONDS.sleep(20); // a process outside, there is nothing to be notified by
        }
    }

    private Process process() {
        Process started = process;
        if (started == null) {
            throw new IllegalStateException("not started");
        }
        return started;
    }

    public boolean isAlive() {
        Process started = process;
        return started != null && started.isAlive();
    }

    /** Which process it is now. */
    public long pid() {
        return process().pid();
    }

    /** The exit code of a process that has ended. */
    public int exit() {
        return process().exitValue();
    }

    /** Where it does not run nothing happens. */
    public void kill() throws InterruptedException {
        Process running = process;
        if (running != null) {
            running.destroyForcibly().waitFor();
        }
    }

    /**
     * Asks it to end, and waits.
     *
     * @return its exit code
     * @throws IOException when it does not within this time
     */
    public int stop(Duration patience) throws IOException, InterruptedException {
        process().destroy();
        if (!process().waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("the gateway did not end within " + patience.toSeconds() + " s, see " + place.log());
        }
        return process().exitValue();
    }

    public void pause(long millis) throws IOException, InterruptedException {
        Shell.signal("STOP", List.of(pid()));
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        Shell.signal("CONT", List.of(pid()));
    }

    /** The laboratory was interrupted: nothing of it stays. */
    private void abandon() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
        }
    }

    /** Ends whatever runs, in order if it can, for good. */
    public void end() throws InterruptedException {
        Process running = process;
        if (running != null && running.isAlive()) {
            running.destroy();
            if (!running.waitFor(20, TimeUnit.SECONDS)) {
                running.destroyForcibly().waitFor();
            }
        }
        forget();
    }

    private void forget() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ending) {
            // It runs already.
        }
    }

    /** The journal of a gateway that will never start again is carried to the store; false when this Weir cannot do so. */
    public boolean recover() throws IOException, InterruptedException {
        if (!Shell.run(place.home().resolve("gateway/bin/weir").toString(), "--help")
                .contains("\n  recover ")) {
            return false;
        }
        Process recovery = weir(List.of(
                "recover",
                "--config",
                place.config().toString(),
                "--data",
                place.data().toString()));
        if (!recovery.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS) || recovery.exitValue() != 0) {
            recovery.destroyForcibly();
            throw new IOException("weir recover failed, see " + place.log());
        }
        return true;
    }
}
