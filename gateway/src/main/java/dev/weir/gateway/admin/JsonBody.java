package dev.weir.gateway.admin;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weir.gateway.door.Refusal;
import java.io.IOException;
import java.util.Map;
import org.apache.pekko.util.ByteString;

/** An operator's JSON object, with exact numbers and no field twice. */
final class JsonBody {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** What was read. */
    sealed interface Result {}

    record Fields(Map<String, Object> values) implements Result {}

    record Bad(Refusal refusal) implements Result {}

    private JsonBody() {}

    static Result read(ByteString body) {
        try {
            Map<String, Object> values =
                    JSON.readValue(body.toArrayUnsafe(), new TypeReference<Map<String, Object>>() {});
            return values == null ? bad("The body must be a JSON object.") : new Fields(values);
        } catch (JsonProcessingException malformed) {
            return bad("The body is not a JSON object: " + malformed.getOriginalMessage() + ".");
        } catch (IOException malformed) {
            return bad("The body is not a JSON object.");
        }
    }

    private static Bad bad(String message) {
        return new Bad(Refusal.malformed(null, message));
    }
}
