package dev.weir.gateway.door;

import dev.weir.streams.transport.ClientConnection;
import dev.weir.streams.transport.EventLoops;
import dev.weir.streams.transport.FramingGuard;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Flow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every request's first and last room: it gives it a name, finds its route, and makes an answer of whatever goes wrong.
 * One flow per connection, so that a client's leaving is seen at once.
 */
public final class Door {

    private static final Logger LOG = LoggerFactory.getLogger(Door.class);
    private static final AnswerHeader.Name REQUEST_ID = AnswerHeader.Name.of("x-request-id");
    private static final AnswerHeader.Name CALL_ID = AnswerHeader.Name.of("x-litellm-call-id");

    private final Routes routes;
    private final Cors cors;
    private final Desk desk;
    private final EventLoops loops;
    private final AtomicBoolean closing = new AtomicBoolean();

    public Door(Routes routes, Cors cors, Desk desk, EventLoops loops) {
        this.routes = routes;
        this.cors = cors;
        this.desk = desk;
        this.loops = loops;
    }

    /** The requests of one connection to its responses, in order. */
    public Flow<HttpRequest, HttpResponse, NotUsed> flow(ClientConnection connection) {
        String dispatcher = loops.dispatcher(connection.loopIndex());
        return Flow.of(HttpRequest.class).mapAsync(1, request -> answer(Inbound.of(request, connection, dispatcher)));
    }

    /** From now on every response asks its client to connect elsewhere next time. */
    public void closeConnectionsAfterNextResponse() {
        closing.set(true);
    }

    private CompletionStage<HttpResponse> answer(Inbound inbound) {
        inbound.connection().callStarted();
        return dispatch(inbound)
                .exceptionally(failure -> {
                    LOG.error("{} {} failed ({})", inbound.method(), inbound.shownPath(), inbound.requestId(), failure);
                    return desk.refuse(
                            inbound, Refusal.of(Refusal.Kind.INTERNAL, "The gateway failed; its log says why."));
                })
                .thenApply(response -> finish(inbound, response));
    }

    private CompletionStage<HttpResponse> dispatch(Inbound inbound) {
        try {
            String path = inbound.path();
            if (path.equals(FramingGuard.REFUSED_PATH)) {
                return done(refusedFraming(inbound));
            }
            if (cors.isPreflight(inbound)) {
                return done(cors.preflight(inbound));
            }
            return switch (routes.match(inbound.method(), path)) {
                case Routes.Found found -> found.handler().handle(inbound);
                case Routes.WrongMethod wrong -> done(wrongMethod(inbound, wrong.allowed()));
                case Routes.NoSuchPath none ->
                    done(desk.refuse(
                            inbound, Refusal.of(Refusal.Kind.NOT_FOUND, "There is no route for " + path + ".")));
            };
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    private static CompletionStage<HttpResponse> done(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }

    private HttpResponse finish(Inbound inbound, HttpResponse response) {
        inbound.connection().callEnded();
        HttpResponse named =
                response.addHeaders(List.of(REQUEST_ID.with(inbound.requestId()), CALL_ID.with(inbound.requestId())));
        HttpResponse shared = cors.allow(inbound, named);
        return closing.get() ? shared.addHeader(Connection.create("close")) : shared;
    }

    private HttpResponse refusedFraming(Inbound inbound) {
        String query = inbound.request().getUri().rawQueryString().orElse("");
        FramingGuard.Refusal framing = FramingGuard.refusal(query);
        Refusal refusal = framing == null
                ? Refusal.of(Refusal.Kind.NOT_FOUND, "There is no route for " + inbound.path() + ".")
                : switch (framing.status()) {
                    case 408 -> Refusal.of(Refusal.Kind.TOO_SLOW, "Request refused: " + framing.message() + ".");
                    case 431 -> Refusal.of(Refusal.Kind.HEAD_TOO_LARGE, "Request refused: " + framing.message() + ".");
                    default -> Refusal.malformed(null, "Request refused: " + framing.message() + ".");
                };
        return desk.refuse(inbound, refusal);
    }

    private HttpResponse wrongMethod(Inbound inbound, List<String> allowed) {
        String methods = String.join(", ", allowed);
        return desk.refuse(
                        inbound,
                        Refusal.of(
                                Refusal.Kind.METHOD_NOT_ALLOWED,
                                "The method " + inbound.method() + " is not allowed for " + inbound.path()
                                        + ". Allowed: " + methods + "."))
                .addHeader(RawHeader.create("Allow", methods));
    }
}
