package dev.weir.perf.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.streams.mock.MockMain;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The mock upstream as a process: it answers, and it is the witness. */
public final class Mock implements AutoCloseable {
    private static final int LOOKS = 50;
    private static final long LOOK_MILLIS = 100;

    private final Child child;
    private final int port;

    private Mock(Child child, int port) {
        this.child = child;
        this.port = port;
    }

    /** What the mock has seen since it was told to forget. */
    public record Totals(long requests, long open, long complete, long promptTokens, long completionTokens) {}

    static Mock start(Scenario.Mock settings, Path log) throws IOException {
        Child child = Child.java(
                MockMain.class,
                List.of(
                        "--latency",
                        settings.latency(),
                        "--gap",
                        settings.gap(),
                        "--loops",
                        Integer.toString(settings.loops()),
                        "--keep",
                        "0"),
                log);
        try {
            return new Mock(child, Integer.parseInt(Objects.requireNonNull(child.line(), "The mock did not start")));
        } catch (IOException | RuntimeException e) {
            child.close();
            throw e;
        }
    }

    /** Where it listens: {@code http://127.0.0.1:PORT}. */
    URI base() {
        return URI.create("http://127.0.0.1:" + port);
    }

    int port() {
        return port;
    }

    ProcessTree tree() {
        return child.tree();
    }

    void forget() throws IOException, InterruptedException {
        Http.delete(base().resolve("/witness"));
    }

    /** The totals, once no answer is open any more (or after a few seconds). */
    Totals settledTotals() throws IOException, InterruptedException {
        Totals totals = totals();
        for (int look = 0; look < LOOKS && totals.open() > 0; look++) {
            Thread.sleep(LOOK_MILLIS); // a process outside, there is nothing to be notified by
            totals = totals();
        }
        return totals;
    }

    private Totals totals() throws IOException, InterruptedException {
        JsonNode json = Http.get(base().resolve("/witness/totals"), "");
        return new Totals(
                json.path("requests").asLong(),
                json.path("open").asLong(),
                json.path("complete").asLong(),
                json.path("told_prompt_tokens").asLong(),
                json.path("told_completion_tokens").asLong());
    }

    @Override
    public void close() {
        child.close();
    }
}
