package dev.weir.streams.dialect;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.weir.streams.dialect.ChatRequest.Span;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.pekko.util.ByteString;

/** A client's chat request in, the bytes for one deployment out: single fields replaced, every other byte as it was. */
public final class ChatRewrite {

    private ChatRewrite() {}

    private record Edit(int from, int to, String text) {}

    /**
     * The body for an upstream that knows the model as {@code upstreamModel}.
     *
     * @param askUsage ask for usage at the end of a stream, whether the client did or not
     */
    public static ByteString body(ChatRequest request, String upstreamModel, boolean askUsage) {
        List<Edit> edits = new ArrayList<>(3);
        if (!request.model().equals(upstreamModel)) {
            edits.add(replace(request.spans().model(), quoted(upstreamModel)));
        }
        if (request.spans().tags().exists()) {
            edits.add(replace(request.spans().tags(), ""));
        }
        if (request.stream() && askUsage && !request.wantsUsage()) {
            edits.add(includeUsage(request));
        }
        return edits.isEmpty() ? request.body() : apply(request.body().toArrayUnsafe(), edits);
    }

    private static Edit includeUsage(ChatRequest request) {
        Span value = request.spans().includeUsage();
        Span options = request.spans().streamOptions();
        if (value.exists()) {
            return replace(value, "true");
        }
        if (!options.exists()) {
            int at = request.spans().objectStart();
            return new Edit(at, at, "\"stream_options\":{\"include_usage\":true},");
        }
        byte[] body = request.body().toArrayUnsafe();
        boolean isNull = body[options.from()] != '{';
        boolean empty = isNull
                || new String(body, options.from() + 1, options.to() - options.from() - 2, StandardCharsets.UTF_8)
                        .isBlank();
        return empty
                ? replace(options, "{\"include_usage\":true}")
                : new Edit(options.from() + 1, options.from() + 1, "\"include_usage\":true,");
    }

    private static Edit replace(Span span, String text) {
        return new Edit(span.from(), span.to(), text);
    }

    private static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /** What stays is not copied: a body may be long. */
    private static ByteString apply(byte[] body, List<Edit> edits) {
        edits.sort(Comparator.comparingInt(Edit::from));
        ByteString result = ByteString.emptyByteString();
        int at = 0;
        for (Edit edit : edits) {
            result = result.concat(ByteString.fromArrayUnsafe(body, at, edit.from() - at))
                    .concat(ByteString.fromString(edit.text()));
            at = edit.to();
        }
        return result.concat(ByteString.fromArrayUnsafe(body, at, body.length - at));
    }
}
