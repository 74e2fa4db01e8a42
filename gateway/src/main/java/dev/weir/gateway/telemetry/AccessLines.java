package dev.weir.gateway.telemetry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.io.SerializedString;
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
import java.util.Locale;
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
    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .disable(StreamWriteFeature.FLUSH_PASSED_TO_STREAM)
            .rootValueSeparator((String) null)
            .build();

    /** The members of a line, their names made once. */
    private enum Name {
        TIME,
        REQUEST_ID,
        METHOD,
        PATH,
        STATUS,
        OUTCOME,
        KEY,
        KEY_ALIAS,
        TEAM_ID,
        MODEL,
        DEPLOYMENT,
        STREAM,
        ATTEMPTS,
        PROMPT_TOKENS,
        COMPLETION_TOKENS,
        ESTIMATED,
        SPEND_NANOUSD,
        DURATION_US,
        FIRST_CONTENT_US,
        ERROR;

        private final SerializableString json = new SerializedString(name().toLowerCase(Locale.ROOT));
    }

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
    private @Nullable JsonGenerator generator;
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
        return lines.started();
    }

    /** Writes to a stream. */
    static AccessLines to(OutputStream out, Runnable lost) {
        return new AccessLines(out, false, lost).started();
    }

    private AccessLines started() {
        if (!off) {
            writer.start();
        }
        return this;
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

    /** A line goes to the stream as a whole, so that no other is lost with one that cannot be written. */
    private void write(Line line) throws IOException {
        JsonGenerator json = generator;
        // One that fails is inside a line, which the next one shall not go on with.
        generator = null;
        if (json == null) {
            if (failing) {
                out.write('\n');
            }
            json = JSON.createGenerator(out);
        }
        json.writeStartObject();
        text(json, Name.TIME, time(line.startedMillis));
        text(json, Name.REQUEST_ID, line.requestId);
        text(json, Name.METHOD, line.method);
        text(json, Name.PATH, line.path);
        number(json, Name.STATUS, line.status);
        text(json, Name.OUTCOME, line.outcome);
        text(json, Name.KEY, line.keyHash);
        text(json, Name.KEY_ALIAS, line.keyAlias);
        text(json, Name.TEAM_ID, line.teamId);
        text(json, Name.MODEL, line.model);
        text(json, Name.DEPLOYMENT, line.deployment);
        flag(json, Name.STREAM, line.stream);
        number(json, Name.ATTEMPTS, line.attempts);
        number(json, Name.PROMPT_TOKENS, line.promptTokens);
        number(json, Name.COMPLETION_TOKENS, line.completionTokens);
        flag(json, Name.ESTIMATED, line.estimated);
        number(json, Name.SPEND_NANOUSD, line.nanoUsd);
        number(json, Name.DURATION_US, line.durationMicros);
        number(json, Name.FIRST_CONTENT_US, line.firstContentMicros);
        text(json, Name.ERROR, line.error);
        json.writeEndObject();
        json.writeRaw('\n');
        json.flush();
        generator = json;
    }

    private static void text(JsonGenerator json, Name name, @Nullable String value) throws IOException {
        if (value != null) {
            json.writeFieldName(name.json);
            json.writeString(value);
        }
    }

    private static void number(JsonGenerator json, Name name, long value) throws IOException {
        json.writeFieldName(name.json);
        json.writeNumber(value);
    }

    private static void flag(JsonGenerator json, Name name, boolean value) throws IOException {
        json.writeFieldName(name.json);
        json.writeBoolean(value);
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
