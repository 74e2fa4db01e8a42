package dev.weir.perf.load;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The completion that one call has received so far, held against the one that the mock promised: {@code t0 t1 t2 ...}. */
final class Completion {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int NOT_TOLD = -1;

    /** The mock pads the text of token 0 to its size, and all others by as much. */
    private static final int SHORTEST = "t0 ".length();

    private final int tokens;
    private final char[] expected;
    private int position;
    private boolean wrongText;
    private boolean finished;
    private int promptTokens = NOT_TOLD;
    private int completionTokens = NOT_TOLD;
    private int totalTokens = NOT_TOLD;

    /** @param eventBytes to which the text of each token is padded with {@code x}; 0 for no padding */
    Completion(int tokens, int eventBytes) {
        this.tokens = tokens;
        this.expected = IntStream.range(0, tokens)
                .mapToObj(k -> "t" + k + " ")
                .map(text -> text + "x".repeat(Math.max(0, eventBytes - SHORTEST)))
                .collect(Collectors.joining())
                .toCharArray();
    }

    void begin() {
        position = 0;
        wrongText = false;
        finished = false;
        promptTokens = NOT_TOLD;
        completionTokens = NOT_TOLD;
        totalTokens = NOT_TOLD;
    }

    int promptTokens() {
        return promptTokens;
    }

    int completionTokens() {
        return completionTokens;
    }

    /** Reads an answer or an event of one; says whether it brought text. */
    boolean read(byte[] json, int from, int upTo) {
        int before = position;
        try (JsonParser parser = JSON.createParser(json, from, upTo - from)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                wrongText = true;
                return false;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "choices" -> choices(parser);
                    case "usage" -> usage(parser);
                    case "error" -> wrongText = true;
                    default -> parser.skipChildren();
                }
            }
        } catch (IOException e) {
            wrongText = true;
        }
        return position > before;
    }

    /** The verdict once the answer has ended in good order. */
    Outcome verdict() {
        if (wrongText) {
            return Outcome.CORRUPTED;
        }
        if (position < expected.length || !finished) {
            return Outcome.TRUNCATED;
        }
        boolean right =
                completionTokens == tokens && promptTokens > 0 && totalTokens == promptTokens + completionTokens;
        return right ? Outcome.OK : Outcome.WRONG_USAGE;
    }

    boolean isCorrupted() {
        return wrongText;
    }

    private void choices(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "message", "delta" -> message(parser);
                    case "finish_reason" -> finished |= value == JsonToken.VALUE_STRING;
                    default -> parser.skipChildren();
                }
            }
        }
    }

    private void message(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("content") && value == JsonToken.VALUE_STRING) {
                text(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
            } else {
                parser.skipChildren();
            }
        }
    }

    private void text(char[] text, int offset, int length) {
        if (position + length > expected.length) {
            wrongText = true;
            return;
        }
        for (int i = 0; i < length; i++) {
            wrongText |= text[offset + i] != expected[position + i];
        }
        position += length;
    }

    private void usage(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "prompt_tokens" -> promptTokens = parser.getIntValue();
                case "completion_tokens" -> completionTokens = parser.getIntValue();
                case "total_tokens" -> totalTokens = parser.getIntValue();
                default -> parser.skipChildren();
            }
        }
    }
}
