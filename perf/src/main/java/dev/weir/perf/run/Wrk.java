package dev.weir.perf.run;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Another load generator, asked the same question: it shows whether ours is the bottleneck. */
final class Wrk {
    private static final int SECONDS = 5;
    private static final int PATIENCE_SECONDS = 30;
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern MEDIAN = Pattern.compile("50%\\s+([0-9.]+m?s)");

    private Wrk() {}

    static boolean isInstalled() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "wrk")));
    }

    /** What it finds with so many connections, as a sentence; empty when it finds nothing. */
    static Optional<String> ask(URI target, int connections, String body, Path directory)
            throws IOException, InterruptedException {
        Path script = Files.writeString(
                directory.resolve("call.lua"),
                "wrk.method = \"POST\"\nwrk.headers[\"content-type\"] = \"application/json\"\nwrk.body = [[" + body
                        + "]]\n");
        Process process = new ProcessBuilder(
                        "wrk",
                        "-t1",
                        "-c" + connections,
                        "-d" + SECONDS,
                        "--latency",
                        "-s",
                        script.toString(),
                        target.toString())
                .redirectErrorStream(true)
                .start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        Matcher rate = RATE.matcher(told);
        Matcher median = MEDIAN.matcher(told);
        return rate.find() && median.find()
                ? Optional.of("wrk (one thread, " + connections + " connections, no answer checked), directly: "
                        + rate.group(1) + " calls/s, p50 " + median.group(1))
                : Optional.empty();
    }
}
