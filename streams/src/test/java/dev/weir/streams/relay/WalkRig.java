package dev.weir.streams.relay;

import com.typesafe.config.ConfigFactory;
import dev.weir.config.price.Usage;
import dev.weir.streams.dialect.ChatRequest;
import dev.weir.streams.dialect.ChatRequestReader;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import dev.weir.streams.pool.Endpoint;
import dev.weir.streams.pool.HeaderBlock;
import dev.weir.streams.pool.HostNames;
import dev.weir.streams.pool.PoolSettings;
import dev.weir.streams.pool.UpstreamPool;
import dev.weir.streams.transport.ClientConnection;
import dev.weir.streams.transport.EventLoops;
import dev.weir.streams.transport.HttpLimits;
import dev.weir.streams.transport.HttpListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** A listener whose every request runs a walk over the deployments that a test has named, and a watch that writes down. */
final class WalkRig implements AutoCloseable {

    static final Clocks PATIENT = new Clocks(Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ZERO);

    /** One call, as its watch saw it. */
    static final class Watched implements CallWatch {

        private final List<Integer> begun = new CopyOnWriteArrayList<>();
        private final List<AttemptEnd> ends = new CopyOnWriteArrayList<>();
        private final List<String> callEnds = new CopyOnWriteArrayList<>();
        private final List<Usage> progress = new CopyOnWriteArrayList<>();
        private final List<Long> asked = new CopyOnWriteArrayList<>();
        private final boolean journals;
        private volatile long outputHeld = Long.MAX_VALUE;
        private volatile @Nullable Failure refusalOfAnother;
        private volatile Held answer = refusal -> {};

        Watched(boolean journals) {
            this.journals = journals;
        }

        @Override
        public void attemptProgressed(int number, Target target, Usage upTo) {
            progress.add(upTo);
        }

        List<Usage> progress() {
            return progress;
        }

        @Override
        public HeaderBlock headers(int number, Target target) {
            return target.headers();
        }

        @Override
        public void holdAnother(int number, Target target, Held then) {
            then.answered(refusalOfAnother);
        }

        @Override
        public long outputHeld() {
            return outputHeld;
        }

        @Override
        public void holdOutput(long tokens, Held then) {
            asked.add(tokens);
            answer = then;
        }

        /** Another attempt is not held for. */
        void refuseAnother(Failure refusal) {
            refusalOfAnother = refusal;
        }

        /** So much output may pass. */
        void hold(long tokens) {
            outputHeld = tokens;
        }

        /** What was asked for, each time. */
        List<Long> asked() {
            return List.copyOf(asked);
        }

        /** Answers what was asked; on the loop of its call. */
        void answer(@Nullable Failure refusal) {
            answer.answered(refusal);
        }

        @Override
        public boolean attemptBegins(int number, Target target) {
            if (journals) {
                begun.add(number);
            }
            return journals;
        }

        @Override
        public void attemptEnded(int number, Target target, AttemptEnd end) {
            ends.add(end);
        }

        @Override
        public void callEnded(@Nullable Failure failure) {
            callEnds.add(failure == null ? "OK" : failure.kind().name());
        }

        @Override
        public ByteString inBand(Failure failure) {
            return ByteString.fromString("data: {\"error\":\"" + failure.kind() + "\"}\n\n");
        }

        List<String> callEnds() {
            return List.copyOf(callEnds);
        }

        int begun() {
            return begun.size();
        }

        List<AttemptEnd> ends() {
            return List.copyOf(ends);
        }

        /** How each attempt ended. */
        List<String> outcomes() {
            List<String> outcomes = new ArrayList<>();
            for (AttemptEnd end : ends) {
                outcomes.add(end.failure() == null ? "OK" : end.failure().kind().name());
            }
            return outcomes;
        }

        Usage usage() {
            return ends.get(ends.size() - 1).usage();
        }
    }

    final MockUpstream mock = MockUpstream.start(MockSettings.forTests());
    private final EventLoops loops;
    private final HostNames names = new HostNames();
    private final ActorSystem<Void> system;
    private final HttpListener listener;
    private final List<UpstreamPool> pools = new CopyOnWriteArrayList<>();
    private final List<AttemptWalk> walks = new CopyOnWriteArrayList<>();
    private final List<ClientConnection> clients = new CopyOnWriteArrayList<>();
    private final ChatRequestReader reader = new ChatRequestReader(64);

    private volatile List<Target> order = List.of();
    private volatile Watched watched = new Watched(true);
    private volatile AttemptWalk.Settings settings = settings(Duration.ZERO);

    WalkRig(boolean epoll) {
        loops = EventLoops.start(2, epoll);
        system = ActorSystem.create(
                Behaviors.empty(),
                "rig",
                loops.dispatchers().withFallback(ConfigFactory.parseString("""
                                pekko.loglevel = WARNING
                                pekko.http.server {
                                  request-timeout = 0s
                                  idle-timeout = infinite
                                  pipelining-limit = 1
                                  parsing.modeled-header-parsing = off
                                  parsing.max-content-length = infinite
                                }
                                """)).withFallback(ConfigFactory.load()));
        try {
            listener = HttpListener.bind(
                    "127.0.0.1",
                    0,
                    null,
                    new HttpLimits(32_000, 100, Duration.ofSeconds(10), Duration.ofSeconds(60)),
                    loops,
                    system,
                    this::flow);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static AttemptWalk.Settings settings(Duration keepAliveComments) {
        return settings(new AttemptWalk.Comments(keepAliveComments, false));
    }

    static AttemptWalk.Settings settings(AttemptWalk.Comments comments) {
        return new AttemptWalk.Settings(3, 1_000_000, 100_000, comments);
    }

    int port() {
        return listener.port();
    }

    int connections() {
        return listener.connections();
    }

    /** What the next calls are tried with, in this order; their watch is returned. */
    Watched serve(Target... targets) {
        return serve(new Watched(true), targets);
    }

    Watched serve(Watched watch, Target... targets) {
        order = Arrays.asList(targets);
        watched = watch;
        return watch;
    }

    void with(AttemptWalk.Settings other) {
        settings = other;
    }

    UpstreamPool pool(String base, int connections) {
        UpstreamPool pool = new UpstreamPool(
                Endpoint.of(URI.create(base)),
                new PoolSettings(
                        connections, 10, Duration.ofSeconds(20), Duration.ofSeconds(5), Duration.ofSeconds(30), null),
                loops,
                null,
                names);
        pools.add(pool);
        return pool;
    }

    Target target(String model, Clocks clocks) {
        return target(pool(mock.baseUrl(), 4), model, clocks);
    }

    static Target target(UpstreamPool pool, String model, Clocks clocks) {
        return new Target(
                "d",
                "g",
                "openai",
                model,
                1,
                pool,
                HeaderBlock.NONE.with("authorization", "Bearer x"),
                clocks,
                clocks,
                true);
    }

    /** Permits that are held, and calls that wait for one. */
    int held() {
        return pools.stream().mapToInt(pool -> pool.inUse() + pool.waiting()).sum();
    }

    /** Does something on the loop of the last call. */
    void onLoop(Runnable something) {
        CompletableFuture.runAsync(something, clients.getLast().loop()).join();
    }

    /** Drains every call that was started, the last first: none gets the permit that another gives back. */
    void drain() {
        for (int i = walks.size() - 1; i >= 0; i--) {
            CompletableFuture.runAsync(walks.get(i)::drain, clients.get(i).loop())
                    .join();
        }
    }

    private Flow<HttpRequest, HttpResponse, NotUsed> flow(ClientConnection client) {
        return Flow.of(HttpRequest.class).mapAsync(1, request -> {
            client.callStarted();
            return request.entity()
                    .toStrict(10_000, system)
                    .thenComposeAsync(body -> call(client, body.getData()), client.loop())
                    .whenComplete((done, failed) -> client.callEnded());
        });
    }

    private CompletionStage<HttpResponse> call(ClientConnection client, ByteString body) {
        ChatRequest request = ((ChatRequestReader.Read) reader.read(body)).request();
        AttemptWalk walk = AttemptWalk.start(client, request, order, settings, watched);
        walks.add(walk);
        clients.add(client);
        return walk.answer().thenApply(WalkRig::response);
    }

    private static HttpResponse response(Answer answer) {
        return switch (answer) {
            case Answer.Whole whole ->
                HttpResponse.create()
                        .withStatus(whole.status())
                        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, whole.body()));
            case Answer.Streamed streamed ->
                HttpResponse.create()
                        .withStatus(streamed.status())
                        .withEntity(
                                HttpEntities.createChunked(ContentTypes.parse("text/event-stream"), streamed.body()));
            case Answer.Failed failed ->
                HttpResponse.create()
                        .withStatus(502)
                        .withEntity(failed.failure().kind().name());
        };
    }

    @Override
    public void close() {
        listener.close();
        pools.forEach(UpstreamPool::close);
        system.terminate();
        try {
            system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
        loops.close();
        names.close();
        mock.close();
    }
}
