package dev.weir.gateway.telemetry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import dev.weir.config.AccessLog;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One JSON line per call, written by a thread of its own: calls only queue what they know. A queue that is full loses
 * lines, never time, and counts them.
 */
public final class AccessLines implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AccessLines.class);
    private static final int QUEUE = 32 * 1024;
    private static final long GATHER_MILLIS = 50;
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .disable(StreamWriteFeature.FLUSH_PASSED_TO_STREAM)
            .build();

    /**
     * A call that ended. No prompt, no answer, no key: the key's hash is not a secret.
     *
     * @param error the refusal's or failure's name, or null
     */
    public record Line(
            long startedMillis,
            String requestId,
            String method,
            String path,
            int status,
            String outcome,
            @Nullable String keyHash,
            @Nullable String keyAlias,
            @Nullable String teamId,
            @Nullable String model,
            @Nullable String deployment,
            boolean stream,
            int attempts,
            long promptTokens,
            long completionTokens,
            boolean estimated,
            long nanoUsd,
            long durationMicros,
            long firstContentMicros,
            @Nullable String error) {}

    /** Ends the writer: no call is without a request id. */
    private static final Line END =
            new Line(0, "", "", "", 0, "", null, null, null, null, null, false, 0, 0, 0, false, 0, 0, 0, null);

    private final BlockingQueue<Line> queue = new ArrayBlockingQueue<>(QUEUE);
    private final Runnable lost;
    private final boolean off;
    private final OutputStream out;
    private final Thread writer;
    private boolean failing;
    private long shownSecond = Long.MIN_VALUE;
    private String shown = "";

    private AccessLines(OutputStream out, boolean off, Runnable lost) {
        this.out = new BufferedOutputStream(out, 64 * 1024);
        this.off = off;
        this.lost = lost;
        this.writer = Thread.ofPlatform().name("weir-access-log").daemon(true).unstarted(this::write);
    }

    /**
     * Opens the log.
     *
     * @param lost told for each line that was dropped
     * @throws UncheckedIOException when its file cannot be opened
     */
    public static AccessLines open(AccessLog target, Runnable lost) {
        AccessLines lines = switch (target) {
            case AccessLog.Stream stream ->
                switch (stream) {
                    case STDOUT -> new AccessLines(unclosed(System.out), false, lost);
                    case STDERR -> new AccessLines(unclosed(System.err), false, lost);
                    case OFF -> new AccessLines(OutputStream.nullOutputStream(), true, lost);
                };
            case AccessLog.ToFile file -> new AccessLines(appending(file.path()), false, lost);
        };
        if (!lines.off) {
            lines.writer.start();
        }
        return lines;
    }

    private static OutputStream appending(Path path) {
        try {
            return Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException failure) {
            throw new UncheckedIOException(
                    "weir.access_log.target: " + path + " (expected: a file that can be written)", failure);
        }
    }

    private static OutputStream unclosed(PrintStream stream) {
        return new OutputStream() {
            @Override
            public void write(int b) {
                stream.write(b);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                stream.write(bytes, offset, length);
            }

            @Override
            public void flush() {
                stream.flush();
            }
        };
    }

    public void add(Line line) {
        if (!off && !queue.offer(line)) {
            lost.run();
        }
    }

    /** The first line after a silence is written at once; those that follow are gathered, and wake nobody. */
    private void write() {
        List<Line> lines = new ArrayList<>(QUEUE);
        try {
            boolean going = true;
            while (going) {
                if (queue.drainTo(lines) == 0) {
                    lines.add(queue.take());
                }
                going = writeAll(lines);
                lines.clear();
                if (going) {
                    TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** @return false at the end */
    private boolean writeAll(List<Line> lines) {
        for (Line line : lines) {
            if (line.requestId.isEmpty()) {
                flush();
                return false;
            }
            try {
                write(line);
            } catch (IOException failure) {
                failed(failure);
            }
        }
        flush();
        return true;
    }

    private void flush() {
        try {
            out.flush();
            failing = false;
        } catch (IOException failure) {
            failed(failure);
        }
    }

    private void failed(IOException failure) {
        lost.run();
        if (!failing) {
            LOG.error("The access log cannot be written: {}", failure.getMessage());
        }
        failing = true;
    }

    private void write(Line line) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("time", time(line.startedMillis));
            json.writeStringField("request_id", line.requestId);
            json.writeStringField("method", line.method);
            json.writeStringField("path", line.path);
            json.writeNumberField("status", line.status);
            json.writeStringField("outcome", line.outcome);
            optional(json, "key", line.keyHash);
            optional(json, "key_alias", line.keyAlias);
            optional(json, "team_id", line.teamId);
            optional(json, "model", line.model);
            optional(json, "deployment", line.deployment);
            json.writeBooleanField("stream", line.stream);
            json.writeNumberField("attempts", line.attempts);
            json.writeNumberField("prompt_tokens", line.promptTokens);
            json.writeNumberField("completion_tokens", line.completionTokens);
            json.writeBooleanField("estimated", line.estimated);
            json.writeNumberField("spend_nanousd", line.nanoUsd);
            json.writeNumberField("duration_us", line.durationMicros);
            json.writeNumberField("first_content_us", line.firstContentMicros);
            optional(json, "error", line.error);
            json.writeEndObject();
        }
        out.write('\n');
    }

    /** As {@link Instant} writes it; what comes before the milliseconds is the same for many lines. */
    private String time(long millis) {
        long second = Math.floorDiv(millis, 1_000);
        if (second != shownSecond) {
            shownSecond = second;
            String whole = Instant.ofEpochSecond(second).toString();
            shown = whole.substring(0, whole.length() - 1) + ".";
        }
        String thousands = Long.toString(1_000 + Math.floorMod(millis, 1_000));
        return shown + thousands.substring(1) + "Z";
    }

    private static void optional(JsonGenerator json, String name, @Nullable String value) throws IOException {
        if (value != null) {
            json.writeStringField(name, value);
        }
    }

    /** Writes what is queued, for at most five seconds. */
    @Override
    public void close() {
        if (off) {
            return;
        }
        try {
            if (queue.offer(END, 5, TimeUnit.SECONDS)) {
                writer.join(5_000);
            }
            out.close();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IOException failure) {
            LOG.error("The access log cannot be closed: {}", failure.getMessage());
        }
    }
}
