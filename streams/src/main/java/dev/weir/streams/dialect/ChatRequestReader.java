package dev.weir.streams.dialect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.weir.streams.dialect.ChatRequest.Span;
import dev.weir.streams.dialect.ChatRequest.Spans;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Body bytes in, a {@link ChatRequest} or a {@link RequestProblem} out: one pass of a pull parser over the whole body.
 *
 * <p>It reads to the end, because an upstream would honour a second {@code model} that a reader in a hurry missed; a
 * duplicate of a field that Weir acts on is refused. Fields it does not know are skipped, whatever they are.
 */
public final class ChatRequestReader {

    private static final int MAX_TAGS = 64;
    private static final int MAX_TEXT = 1_024;

    private final JsonFactory json;

    /** @param maxDepth of nested objects and arrays */
    public ChatRequestReader(int maxDepth) {
        this.json = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(maxDepth)
                        .maxStringLength(Integer.MAX_VALUE)
                        .build())
                .build();
    }

    /** What a body says, or what is wrong with it. */
    public sealed interface Result {}

    /** A body that can be served. */
    public record Read(ChatRequest request) implements Result {}

    /** A body that cannot. */
    public record Bad(RequestProblem problem) implements Result {}

    public Result read(ByteString body) {
        byte[] bytes = body.toArrayUnsafe();
        if (bytes.length >= 2
                && (bytes[0] == 0 || bytes[1] == 0 || bytes[0] == (byte) 0xfe || bytes[0] == (byte) 0xff)) {
            return bad("", "The body must be JSON in UTF-8.");
        }
        try (JsonParser parser = json.createParser(bytes)) {
            return new Pass(parser, body, bytes).object();
        } catch (Problem problem) {
            return new Bad(problem.problem);
        } catch (StreamConstraintsException limit) {
            return bad("", "The JSON of the body is too deep or too large: " + limit.getOriginalMessage());
        } catch (JsonParseException malformed) {
            return bad(
                    "",
                    "The body is not valid JSON (line "
                            + malformed.getLocation().getLineNr() + ", column "
                            + malformed.getLocation().getColumnNr() + ").");
        } catch (IOException malformed) {
            return bad("", "The body is not valid JSON.");
        }
    }

    private static Bad bad(String param, String message) {
        return new Bad(new RequestProblem(param, message));
    }

    /** Leaves the pass early; carries no stack because it is an answer. */
    private static final class Problem extends RuntimeException {

        private static final long serialVersionUID = 1;

        private final transient RequestProblem problem;

        Problem(String param, String message) {
            super(message, null, false, false);
            this.problem = new RequestProblem(param, message);
        }
    }

    private static final class Pass {

        private final JsonParser parser;
        private final ByteString body;
        private final byte[] bytes;
        private @Nullable String model;
        private Span modelSpan = Span.NONE;
        private @Nullable Boolean stream;
        private @Nullable Long maxTokens;
        private @Nullable Long maxCompletionTokens;
        private @Nullable Long choices;
        private int messages = -1;
        private long promptBytes;
        private Span streamOptions = Span.NONE;
        private Span includeUsageSpan = Span.NONE;
        private boolean includeUsage;
        private @Nullable String user;
        private List<String> tags = List.of();
        private Span tagsSpan = Span.NONE;
        private boolean metadataSeen;

        Pass(JsonParser parser, ByteString body, byte[] bytes) {
            this.parser = parser;
            this.body = body;
            this.bytes = bytes;
        }

        Result object() throws IOException {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return bad(
                        "",
                        bytes.length == 0
                                ? "The body is empty; it must be a JSON object."
                                : "The body must be a JSON object.");
            }
            int objectStart = end();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                field(name, value);
            }
            if (parser.nextToken() != null) {
                return bad("", "The body has something behind its JSON object.");
            }
            if (model == null) {
                return bad("model", "The field 'model' is missing; it must be a non-empty text.");
            }
            if (messages < 0) {
                return bad("messages", "The field 'messages' is missing; it must be a non-empty array.");
            }
            Spans spans = new Spans(modelSpan, streamOptions, includeUsageSpan, tagsSpan, objectStart);
            return new Read(new ChatRequest(
                    body,
                    model,
                    Boolean.TRUE.equals(stream),
                    maxCompletionTokens == null ? maxTokens : maxCompletionTokens,
                    choices == null ? 1 : choices.intValue(),
                    messages,
                    promptBytes,
                    includeUsage,
                    user,
                    tags,
                    spans));
        }

        private void field(String name, JsonToken value) throws IOException {
            switch (name) {
                case "model" -> {
                    once(name, model != null);
                    int from = start();
                    model = text(name, value);
                    modelSpan = new Span(from, end());
                    if (model.isBlank() || model.length() > MAX_TEXT) {
                        throw new Problem(
                                name,
                                "The field 'model' must be a non-empty text of at most " + MAX_TEXT + " characters.");
                    }
                }
                case "stream" -> {
                    once(name, stream != null);
                    stream = value == JsonToken.VALUE_NULL ? false : bool(name, value);
                }
                case "max_tokens" -> {
                    once(name, maxTokens != null);
                    maxTokens = count(name, value, 1, Integer.MAX_VALUE);
                }
                case "max_completion_tokens" -> {
                    once(name, maxCompletionTokens != null);
                    maxCompletionTokens = count(name, value, 1, Integer.MAX_VALUE);
                }
                case "n" -> {
                    once(name, choices != null);
                    choices = count(name, value, 1, 128);
                }
                case "messages" -> {
                    once(name, messages >= 0);
                    array(name, value);
                    int from = start();
                    messages = elements();
                    promptBytes += end() - from;
                    if (messages == 0) {
                        throw new Problem(name, "The field 'messages' must have at least one element.");
                    }
                }
                case "tools", "functions", "response_format" -> {
                    int from = start();
                    parser.skipChildren();
                    promptBytes += end() - from;
                }
                case "stream_options" -> streamOptions(name, value);
                case "user" -> {
                    once(name, user != null);
                    user = value == JsonToken.VALUE_NULL ? null : label(name, value);
                }
                case "metadata" -> metadata(name, value);
                default -> skip();
            }
        }

        private void streamOptions(String name, JsonToken value) throws IOException {
            once(name, streamOptions.exists());
            int from = start();
            if (value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String inner = parser.currentName();
                    JsonToken token = parser.nextToken();
                    if (inner.equals("include_usage")) {
                        once("stream_options.include_usage", includeUsageSpan.exists());
                        int at = start();
                        includeUsage = token != JsonToken.VALUE_NULL && bool("stream_options.include_usage", token);
                        includeUsageSpan = new Span(at, end());
                    } else {
                        skip();
                    }
                }
            } else if (value != JsonToken.VALUE_NULL) {
                throw new Problem(name, "The field 'stream_options' must be an object.");
            }
            streamOptions = new Span(from, end());
        }

        private void metadata(String name, JsonToken value) throws IOException {
            once(name, metadataSeen);
            metadataSeen = true;
            if (value != JsonToken.START_OBJECT) {
                skip();
                return;
            }
            int previousEnd = end();
            boolean first = true;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                int nameFrom = start();
                String inner = parser.currentName();
                JsonToken token = parser.nextToken();
                if (inner.equals("tags") && token == JsonToken.START_ARRAY) {
                    once("metadata.tags", tagsSpan.exists());
                    tags = tags();
                    tagsSpan = first ? new Span(nameFrom, behindComma(end())) : new Span(previousEnd, end());
                } else {
                    skip();
                }
                previousEnd = end();
                first = false;
            }
        }

        private int behindComma(int at) {
            int i = at;
            while (i < bytes.length && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t')) {
                i++;
            }
            return i < bytes.length && bytes[i] == ',' ? i + 1 : at;
        }

        private List<String> tags() throws IOException {
            List<String> found = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() != JsonToken.VALUE_STRING || found.size() == MAX_TAGS) {
                    throw new Problem(
                            "metadata.tags",
                            "The field 'metadata.tags' must be an array of at most " + MAX_TAGS + " texts.");
                }
                found.add(label("metadata.tags", JsonToken.VALUE_STRING));
            }
            return List.copyOf(found);
        }

        private int elements() throws IOException {
            int count = 0;
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() != JsonToken.START_OBJECT) {
                    throw new Problem("messages", "Every element of 'messages' must be an object.");
                }
                parser.skipChildren();
                count++;
            }
            return count;
        }

        private void skip() throws IOException {
            parser.skipChildren();
            parser.finishToken();
        }

        private static void once(String name, boolean seen) {
            if (seen) {
                throw new Problem(name, "The field '" + name + "' appears twice.");
            }
        }

        private String text(String name, JsonToken value) throws IOException {
            if (value != JsonToken.VALUE_STRING) {
                throw new Problem(name, "The field '" + name + "' must be a text.");
            }
            return parser.getText();
        }

        /** A text that rows keep, and that must therefore be short. */
        private String label(String name, JsonToken value) throws IOException {
            String label = text(name, value);
            if (label.length() > MAX_TEXT) {
                throw new Problem(name, "The field '" + name + "' must have at most " + MAX_TEXT + " characters.");
            }
            return label;
        }

        private static boolean bool(String name, JsonToken value) {
            if (value != JsonToken.VALUE_TRUE && value != JsonToken.VALUE_FALSE) {
                throw new Problem(name, "The field '" + name + "' must be true or false.");
            }
            return value == JsonToken.VALUE_TRUE;
        }

        private @Nullable Long count(String name, JsonToken value, long least, long most) throws IOException {
            if (value == JsonToken.VALUE_NULL) {
                return null;
            }
            boolean fits = value == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                    && parser.getLongValue() >= least
                    && parser.getLongValue() <= most;
            if (!fits) {
                throw new Problem(
                        name, "The field '" + name + "' must be a whole number from " + least + " to " + most + ".");
            }
            return parser.getLongValue();
        }

        private static void array(String name, JsonToken value) {
            if (value != JsonToken.START_ARRAY) {
                throw new Problem(name, "The field '" + name + "' must be an array.");
            }
        }

        private int start() {
            return (int) parser.currentTokenLocation().getByteOffset();
        }

        private int end() throws IOException {
            parser.finishToken();
            return (int) parser.currentLocation().getByteOffset();
        }
    }
}
