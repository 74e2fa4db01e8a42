package dev.weir.gateway.door;

import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Answers requests of one route, on their connection's loop. */
public interface Handler {

    CompletionStage<HttpResponse> handle(Inbound inbound);
}
