package dev.weir.gateway.door;

import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/** Answers what Pekko HTTP's parser refuses, in the same shape as every other refusal; named in reference.conf. */
public final class ParsingRefusals extends ParsingErrorHandler {

    /** Where Pekko looks for the instance, because its own are Scala objects. */
    public static final ParsingRefusals MODULE$ = new ParsingRefusals();

    @Override
    public HttpResponse handle(StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
        Refusal.Kind kind = switch (status.intValue()) {
            case 408 -> Refusal.Kind.TOO_SLOW;
            case 413 -> Refusal.Kind.TOO_LARGE;
            case 431 -> Refusal.Kind.HEAD_TOO_LARGE;
            case 501 -> Refusal.Kind.METHOD_NOT_ALLOWED;
            default -> Refusal.Kind.MALFORMED;
        };
        return Replies.refusal(Refusal.of(kind, "Request refused: " + error.summary() + "."));
    }
}
