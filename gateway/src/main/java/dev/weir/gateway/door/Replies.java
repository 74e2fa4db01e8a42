package dev.weir.gateway.door;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;

/** Responses in the shapes that clients know. */
public final class Replies {

    private static final JsonFactory JSON = new JsonFactory();
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Replies() {}

    public static HttpResponse json(int status, Object value) {
        try {
            return bytes(
                    status, ContentTypes.APPLICATION_JSON, ByteString.fromArrayUnsafe(MAPPER.writeValueAsBytes(value)));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public static HttpResponse bytes(int status, ContentType type, ByteString body) {
        return HttpResponse.create().withStatus(status(status)).withEntity(HttpEntities.create(type, body));
    }

    /** Also for a status that nobody has registered: providers invent some. */
    public static StatusCode status(int code) {
        return StatusCodes.lookup(code).orElseGet(() -> StatusCodes.custom(code, "Status " + code, ""));
    }

    /** The refusal in OpenAI's error shape. */
    public static HttpResponse refusal(Refusal refusal) {
        List<HttpHeader> headers = new ArrayList<>(2);
        if (refusal.retryAfterSeconds() > 0) {
            headers.add(RawHeader.create("retry-after", Integer.toString(refusal.retryAfterSeconds())));
        }
        if (refusal.kind().status() == 401) {
            headers.add(RawHeader.create("WWW-Authenticate", "Bearer"));
        }
        if (refusal.kind() == Refusal.Kind.TOO_LARGE || refusal.kind() == Refusal.Kind.TOO_SLOW) {
            // What is left of the request is not read, so nothing can follow it.
            headers.add(Connection.create("close"));
        }
        if (refusal.kind() == Refusal.Kind.BUDGET_EXCEEDED) {
            headers.add(RawHeader.create("x-should-retry", "false"));
        }
        return bytes(refusal.kind().status(), ContentTypes.APPLICATION_JSON, body(refusal))
                .addHeaders(headers);
    }

    /** The refusal as an event of a stream that has begun. */
    public static ByteString event(Refusal refusal) {
        return ByteString.fromString("data: ").concat(body(refusal)).concat(ByteString.fromString("\n\n"));
    }

    private static ByteString body(Refusal refusal) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeObjectFieldStart("error");
            json.writeStringField("message", Redaction.of(refusal.message()));
            json.writeStringField("type", refusal.kind().type());
            String param = refusal.param();
            json.writeStringField("param", param == null ? null : Redaction.of(param));
            json.writeStringField("code", Integer.toString(refusal.kind().status()));
            if (refusal.scope() != null) {
                json.writeStringField("scope", refusal.scope());
            }
            if (refusal.limit() != null) {
                json.writeNumberField("limit", refusal.limit());
            }
            if (refusal.resetAt() != null) {
                json.writeStringField("reset_at", refusal.resetAt().toString());
            }
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return ByteString.fromArrayUnsafe(out.toByteArray());
    }
}
