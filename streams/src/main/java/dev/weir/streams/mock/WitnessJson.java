package dev.weir.streams.mock;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The witness as text, for the process form: one JSON object a line. */
final class WitnessJson {
    private static final JsonFactory JSON = new JsonFactory();

    private WitnessJson() {}

    static String lines(List<Sighting> sightings) {
        StringWriter out = new StringWriter();
        for (Sighting seen : sightings) {
            try (JsonGenerator json = JSON.createGenerator(out)) {
                json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
                write(seen, json);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            out.append('\n');
        }
        return out.toString();
    }

    static String totals(Witness.Totals totals) {
        StringWriter out = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeNumberField("requests", totals.requests());
            json.writeNumberField("open", totals.open());
            json.writeNumberField("complete", totals.complete());
            json.writeNumberField("closed_by_peer", totals.closedByPeer());
            json.writeNumberField("faulted", totals.faulted());
            json.writeNumberField("tokens", totals.tokens());
            json.writeNumberField("told_prompt_tokens", totals.toldPromptTokens());
            json.writeNumberField("told_completion_tokens", totals.toldCompletionTokens());
            json.writeNumberField("connections", totals.connections());
            json.writeNumberField("open_connections", totals.openConnections());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.append('\n').toString();
    }

    private static void write(Sighting seen, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("serial", seen.serial());
        json.writeStringField("attempt", seen.attempt());
        json.writeStringField("model", seen.model());
        json.writeStringField("user", seen.user());
        json.writeBooleanField("streamed", seen.streamed());
        json.writeNumberField("connection", seen.connection());
        json.writeNumberField("arrived_nanos", seen.arrivedNanos());
        json.writeNumberField("arrived_ms", seen.arrivedMillis());
        json.writeObjectFieldStart("headers");
        for (Map.Entry<String, String> header : seen.headers().entrySet()) {
            json.writeStringField(header.getKey(), header.getValue());
        }
        json.writeEndObject();
        json.writeStringField("body", seen.body());
        json.writeNumberField("request_bytes", seen.requestBytes());
        json.writeNumberField("tokens", seen.tokens());
        json.writeNumberField("bytes", seen.bytes());
        json.writeStringField("end", seen.end().name().toLowerCase(Locale.ROOT));
        json.writeNumberField("ended_nanos", seen.endedNanos());
        json.writeNumberField("ended_ms", seen.endedMillis());
        Sighting.Told told = seen.told();
        if (told != null) {
            json.writeNumberField("prompt_tokens", told.promptTokens());
            json.writeNumberField("completion_tokens", told.completionTokens());
        }
        json.writeEndObject();
    }
}
