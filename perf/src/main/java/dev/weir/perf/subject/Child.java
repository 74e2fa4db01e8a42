package dev.weir.perf.subject;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A process that the bench has started, and ends by itself. */
public final class Child implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 40;

    private final Process process;
    private final BufferedReader out;

    private Child(Process process) {
        this.process = process;
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "end-child")); // no bench, no children
        this.out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** A process whose output goes to a log. */
    static Child logged(List<String> command, Map<String, String> environment, Path log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        return new Child(builder.start());
    }

    /** One of our own main classes, on this JVM's class path; its standard output is read line by line. */
    public static Child java(Class<?> main, List<String> arguments, Path log) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xms192m",
                "-Xmx192m",
                "-Xmn96m",
                "-Dio.netty.leakDetection.level=disabled",
                "-Dio.netty.jfr.enabled=false",
                "--enable-native-access=ALL-UNNAMED"));
        if (hasLargePages()) {
            command.add("-XX:+UseTransparentHugePages");
        }
        if (Runtime.version().feature() >= 24) {
            command.addAll(List.of("-XX:+UseCompactObjectHeaders", "--sun-misc-unsafe-memory-access=allow"));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        return new Child(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start());
    }

    /** Whether the system gives pages of 2 MB to who asks; where it does not, the JVM would complain on the output. */
    public static boolean hasLargePages() {
        try {
            String modes = Files.readString(Path.of("/sys/kernel/mm/transparent_hugepage/enabled"));
            return modes.contains("[madvise]") || modes.contains("[always]");
        } catch (IOException notThisSystem) {
            return false;
        }
    }

    public ProcessTree tree() {
        return new ProcessTree(process.toHandle());
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Of one that has ended. */
    int exitCode() {
        return process.exitValue();
    }

    /** The next line of its output; null at the end. */
    public @Nullable String line() throws IOException {
        return out.readLine();
    }

    /** Asks it to end, waits, and insists only when that was in vain. */
    @Override
    public void close() {
        List<ProcessHandle> family = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        family.stream().filter(ProcessHandle::isAlive).forEach(ProcessHandle::destroy);
    }
}
