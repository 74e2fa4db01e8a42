package dev.weir.gateway;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** The program as a process of its own, started as the launcher starts it, with all that it says. */
final class WeirProcess implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern SERVING = Pattern.compile("(?:serving on|Weir is up at) https?://[^ ]*:(\\d+)\\s");
    private static final Pattern MANAGEMENT = Pattern.compile("management on https?://[^ ]*:(\\d+)\\s");

    private final Process process;
    private final Path out;
    private final Path err;

    private WeirProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** {@code weir} with these arguments. */
    static WeirProcess run(String... arguments) {
        return runWithout("no jar", arguments);
    }

    /** {@code weir} on a class path without the jars whose path contains {@code lacking}. */
    static WeirProcess runWithout(String lacking, String... arguments) {
        String classPath = Arrays.stream(
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                                .split(File.pathSeparator))
                .filter(entry -> !entry.contains(lacking))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath,
                "dev.weir.gateway.cli.Main"));
        if (Runtime.version().feature() < 24) {
            command.removeIf(flag -> flag.startsWith("--"));
        }
        command.addAll(List.of(arguments));
        return start(command, Map.of());
    }

    /** Any command that ends in Weir. */
    static WeirProcess start(List<String> command, Map<String, String> environment) {
        try {
            Path out = Files.createTempFile("weir-", ".out");
            Path err = Files.createTempFile("weir-", ".err");
            out.toFile().deleteOnExit();
            err.toFile().deleteOnExit();
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().putAll(environment);
            builder.environment().values().removeIf(String::isEmpty);
            return new WeirProcess(builder.start(), out, err);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Serves on a free port of loopback; returns when calls are welcome. */
    static WeirProcess serve(Path config, Path data, String... more) {
        return starting(config, data, more).awaitServing();
    }

    /** The same; returns at once. */
    static WeirProcess starting(Path config, Path data, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "serve",
                "--config",
                config.toString(),
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--data",
                data.toString()));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    WeirProcess awaitServing() {
        await(() -> SERVING.matcher(said()).find());
        return this;
    }

    private void await(Supplier<Boolean> condition) {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> {
            boolean alive = process.isAlive();
            if (condition.get()) {
                return true;
            }
            if (!alive) {
                throw new IllegalStateException("Weir ended instead, saying: " + said());
            }
            return false;
        });
    }

    /** Waits until a text stands in what it said. */
    void awaitSaid(String text) {
        await(() -> said().contains(text));
    }

    int port() {
        return number(SERVING);
    }

    int managementPort() {
        return number(MANAGEMENT);
    }

    private int number(Pattern pattern) {
        Matcher matcher = pattern.matcher(said());
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in " + said());
        }
        return Integer.parseInt(matcher.group(1));
    }

    Visitor visitor() {
        return Visitor.at(port());
    }

    long pid() {
        return process.pid();
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** SIGTERM; does not wait. */
    void terminate() {
        process.destroy();
    }

    /** SIGTERM, and the exit code. */
    int stop() {
        terminate();
        return exitCode();
    }

    /** SIGKILL; waits for the end. */
    void kill() {
        process.destroyForcibly();
        exitCode();
    }

    int exitCode() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("Weir did not end. It said: " + said());
            }
            return process.exitValue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    String out() {
        return read(out);
    }

    String err() {
        return read(err);
    }

    String said() {
        return out() + err();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
