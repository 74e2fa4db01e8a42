package dev.weir.perf.subject;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.streams.mock.MockMain;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The mock upstream as a process: it answers, and it is the witness. */
public final class Mock implements AutoCloseable {
    private static final int LOOKS = 50;
    private static final long LOOK_MILLIS = 100;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Child child;
    private final int port;
    private final @Nullable Identity identity;

    private Mock(Child child, int port, @Nullable Identity identity) {
        this.child = child;
        this.port = port;
        this.identity = identity;
    }

    /** What the mock has seen since it was told to forget. */
    public record Totals(
            long requests, long open, long complete, long tokens, long promptTokens, long completionTokens) {}

    /**
     * How it answers, in the words of its command line.
     *
     * @param eventBytes the text of each token is padded to this size; 0 for none
     */
    public record Settings(
            @JsonProperty(required = true) String latency,
            @JsonProperty(required = true) String gap,
            @JsonProperty(required = true) int loops,
            int eventBytes) {}

    /**
     * Starts it.
     *
     * @param tokens of each answer
     * @param keep how many requests it remembers one by one
     * @param identity with which it and every subject speaks TLS; null for plain HTTP
     */
    public static Mock start(Settings settings, int tokens, int keep, @Nullable Identity identity, Path log)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--latency=" + settings.latency(),
                "--gap=" + settings.gap(),
                "--loops=" + settings.loops(),
                "--tokens=" + tokens,
                "--script=event-bytes=" + settings.eventBytes(),
                "--keep=" + keep));
        if (identity != null) {
            arguments.add("--tls-cert=" + identity.certificate());
            arguments.add("--tls-key=" + identity.key());
        }
        Child child = Child.java(MockMain.class, arguments, log);
        try {
            return new Mock(
                    child, Integer.parseInt(Objects.requireNonNull(child.line(), "The mock did not start")), identity);
        } catch (IOException | RuntimeException e) {
            child.close();
            throw e;
        }
    }

    /** Where it listens: {@code http://127.0.0.1:PORT}, or {@code https}. */
    public URI base() {
        return local(port);
    }

    /** Another port of this machine that speaks as the mock does. */
    URI local(int other) {
        return URI.create((identity == null ? "http" : "https") + "://127.0.0.1:" + other);
    }

    Optional<Identity> identity() {
        return Optional.ofNullable(identity);
    }

    int port() {
        return port;
    }

    public ProcessTree tree() {
        return child.tree();
    }

    public void forget() throws IOException, InterruptedException {
        Http.delete(base().resolve("/witness"));
    }

    /** The totals, once no answer is open any more (or after a few seconds). */
    public Totals settledTotals() throws IOException, InterruptedException {
        Totals totals = totals();
        for (int look = 0; look < LOOKS && totals.open() > 0; look++) {
            Thread.sleep(LOOK_MILLIS); // a process outside, there is nothing to be notified by
            totals = totals();
        }
        return totals;
    }

    /** Shows the requests that it remembers, oldest first: one JSON object each. They may be many: keep what is needed. */
    public void sightings(Consumer<JsonNode> each) throws IOException, InterruptedException {
        long since = 0;
        long last = page(since, each);
        while (last > since) {
            since = last;
            last = page(since, each);
        }
    }

    /** @return the serial of the last one; {@code since} where there is none */
    private long page(long since, Consumer<JsonNode> each) throws IOException, InterruptedException {
        String page = Http.text(base().resolve("/witness?since=" + since));
        long last = since;
        for (String line : (Iterable<String>) page.lines()::iterator) {
            JsonNode seen = JSON.readTree(line);
            last = seen.path("serial").asLong();
            each.accept(seen);
        }
        return last;
    }

    private Totals totals() throws IOException, InterruptedException {
        JsonNode json = Http.get(base().resolve("/witness/totals"), "");
        return new Totals(
                json.path("requests").asLong(),
                json.path("open").asLong(),
                json.path("complete").asLong(),
                json.path("tokens").asLong(),
                json.path("told_prompt_tokens").asLong(),
                json.path("told_completion_tokens").asLong());
    }

    @Override
    public void close() {
        child.close();
    }
}
