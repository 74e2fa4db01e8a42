package dev.weir.perf.faults.site;

import dev.weir.perf.sabotage.Sabotage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs that were asked for.
 *
 * @param command that asked for them
 * @param home the root of the repository
 * @param work what the runs may fill
 * @param report where the table goes
 * @param seed of the first run; each has the next one
 * @param allowed faults that may happen
 * @param sabotage what Weir is broken with; null for a whole one
 * @param say where each run is told
 */
public record Campaign(
        String command,
        Path home,
        Path work,
        Path report,
        int runs,
        long seed,
        List<Fault> allowed,
        @Nullable Sabotage sabotage,
        PrintWriter say) {

    public Campaign {
        allowed = List.copyOf(allowed);
    }

    /** A run's own. */
    public Path directory(int run) throws IOException {
        return Files.createDirectories(work.resolve("run" + run));
    }

    /** After every run: what was seen stands, even if the rest is broken off. */
    public void write(String page) throws IOException {
        Files.createDirectories(report);
        Files.writeString(report.resolve("REPORT.md"), page);
    }

    /** Nobody needs what a run that went well has left. */
    public static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path each : files.sorted((one, other) -> other.compareTo(one)).toList()) {
                Files.delete(each);
            }
        }
    }
}
