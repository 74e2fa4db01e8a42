package dev.weir.perf.subject;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Waiting for a process to answer. */
final class Readiness {
    private static final int LOOKS = 1_200;
    private static final long LOOK_MILLIS = 50;
    private static final int LAST_LINES = 10;

    private Readiness() {}

    /**
     * Waits until the route answers 200: a minute at most, and not for a process that has ended.
     *
     * @param log where the process's output goes
     * @return empty when it answers; otherwise what became of it, with the last lines of its log
     */
    static Optional<String> await(Child child, URI route, Path log) throws IOException, InterruptedException {
        for (int look = 0; look < LOOKS && child.isAlive(); look++) {
            if (Http.status(route) == 200) {
                return Optional.empty();
            }
            Thread.sleep(LOOK_MILLIS); // a process outside, there is nothing to be notified by
        }
        String end = child.isAlive() ? "it did not become ready within a minute" : "it ended with " + child.exitCode();
        List<String> lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        return Optional.of(end + ": "
                + String.join(" | ", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())));
    }
}
