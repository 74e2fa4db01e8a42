package dev.weir.streams.transport;

import com.typesafe.config.ConfigFactory;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A listener that answers with what it is sent, or, on {@code GET /bytes/n}, with so many bytes, or, on {@code GET /chunked},
 * with what a test gives it in pieces.
 */
final class EchoDoor implements AutoCloseable {

    private final EventLoops own;
    private final ActorSystem<Void> system;
    private final HttpListener listener;

    EchoDoor(@Nullable SslContext tls, HttpLimits limits, boolean epoll) throws IOException {
        this(tls, limits, epoll, Source.empty());
    }

    EchoDoor(@Nullable SslContext tls, HttpLimits limits, boolean epoll, Source<ByteString, NotUsed> pieces)
            throws IOException {
        own = EventLoops.start(1, epoll);
        system = ActorSystem.create(
                Behaviors.empty(),
                "door",
                own.dispatchers()
                        .withFallback(ConfigFactory.parseString("pekko.loglevel = WARNING"))
                        .withFallback(ConfigFactory.load()));
        listener = HttpListener.bind(
                "localhost",
                0,
                tls,
                limits,
                own,
                system,
                client -> Flow.of(HttpRequest.class)
                        .mapAsync(
                                1,
                                request -> request.entity()
                                        .toStrict(10_000, system)
                                        .thenApply(
                                                body -> request.getUri().path().equals("/chunked")
                                                        ? chunked(client.chunked(pieces))
                                                        : answer(
                                                                request.getUri().path(), body.getData()))));
    }

    private static HttpResponse chunked(Source<ByteString, NotUsed> pieces) {
        return HttpResponse.create()
                .withEntity(HttpEntities.createChunked(ContentTypes.APPLICATION_OCTET_STREAM, pieces));
    }

    private static HttpResponse answer(String path, ByteString body) {
        ByteString bytes = path.startsWith("/bytes/")
                ? ByteString.fromArray(new byte[Integer.parseInt(path.substring("/bytes/".length()))])
                : body;
        return HttpResponse.create().withEntity(HttpEntities.create(bytes));
    }

    int port() {
        return listener.port();
    }

    int connections() {
        return listener.connections();
    }

    @Override
    public void close() {
        listener.close();
        system.terminate();
        try {
            system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
        own.close();
    }
}
