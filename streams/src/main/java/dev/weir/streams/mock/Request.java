package dev.weir.streams.mock;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One chat completion request, as far as the mock cares. */
record Request(
        @Nullable String attempt,
        String model,
        String user,
        boolean streamed,
        boolean usageAsked,
        Map<String, String> headers,
        String body,
        int bytes,
        long arrivedNanos,
        long arrivedMillis) {
    private static final JsonFactory JSON = new JsonFactory();

    /** What a chat completion's body says about its answer. */
    record Wish(String model, String user, boolean streamed, boolean usageAsked) {}

    /** A prompt's tokens: a quarter of the body's bytes, and at least one. */
    int promptTokens() {
        return Math.max(1, bytes / 4);
    }

    /** Pulls the fields that matter out of a body, to its end: the last of a repeated one counts, as with most providers. */
    static Wish wish(byte[] body, int length) throws IOException {
        String model = "";
        String user = "";
        boolean streamed = false;
        boolean usageAsked = false;
        try (JsonParser json = JSON.createParser(body, 0, length)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("The body is no JSON object");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                switch (name) {
                    case "model" -> model = json.getValueAsString("");
                    case "user" -> user = json.getValueAsString("");
                    case "stream" -> streamed = value == JsonToken.VALUE_TRUE;
                    case "stream_options" -> usageAsked = usageAsked(json);
                    default -> json.skipChildren();
                }
            }
        }
        return new Wish(model, user, streamed, usageAsked);
    }

    private static boolean usageAsked(JsonParser json) throws IOException {
        boolean asked = false;
        if (json.currentToken() != JsonToken.START_OBJECT) {
            json.skipChildren();
            return false;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            asked = name.equals("include_usage") ? value == JsonToken.VALUE_TRUE : asked;
            json.skipChildren();
        }
        return asked;
    }
}
