package dev.weir.perf.faults.several;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.faults.callers.Said;
import dev.weir.streams.mock.Sighting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What the judge has read, in three tables, and how the nodes are, for whoever looks into what was not kept. Times are seconds since
 * midnight, UTC.
 */
final class Evidence {

    private static final long DAY_NANOS = 86_400_000_000_000L;

    private final Path directory;
    private final long offsetNanos = System.currentTimeMillis() * 1_000_000 - System.nanoTime();

    Evidence(Path directory) {
        this.directory = directory;
    }

    void write(List<Sighting> witness, List<JsonNode> rows, List<Said> said) throws IOException {
        Files.write(
                directory.resolve("witness.tsv"),
                witness.stream()
                        .map(each -> String.join(
                                "\t",
                                time(each.arrivedNanos()),
                                time(each.endedNanos()),
                                each.model(),
                                String.valueOf(each.attempt()),
                                each.end().toString(),
                                Integer.toString(each.tokens())))
                        .toList());
        Files.write(
                directory.resolve("rows.jsonl"),
                rows.stream().map(JsonNode::toString).toList());
        Files.write(
                directory.resolve("clients.tsv"),
                said.stream()
                        .map(each -> String.join(
                                "\t",
                                time(each.beganNanos()),
                                time(each.endedNanos()),
                                Integer.toString(each.status()),
                                each.toString(),
                                Long.toString(each.tokens())))
                        .toList());
    }

    /** What accounts' meters have written. */
    void accounts(List<String> rows) throws IOException {
        Files.write(directory.resolve("accounts.jsonl"), rows);
    }

    /** How each node sees itself and the others; of one that does not answer, why. */
    void write(List<Node> nodes) throws IOException, InterruptedException {
        for (Node node : nodes) {
            Files.writeString(directory.resolve("health" + (node.number() + 1) + ".json"), health(node));
        }
    }

    private static String health(Node node) throws InterruptedException {
        try {
            return node.gateway().door().health();
        } catch (IOException nobody) {
            return nobody.toString();
        }
    }

    private String time(long nanos) {
        return nanos == 0 ? "-" : String.format(Locale.ROOT, "%.3f", (nanos + offsetNanos) % DAY_NANOS / 1e9);
    }
}
