package dev.weir.gateway.chat;

import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Need;
import dev.weir.cluster.ledger.AttemptJournal;
import dev.weir.cluster.meters.Meters;
import dev.weir.config.WeirSettings;
import dev.weir.gateway.door.AnswerHeader;
import dev.weir.gateway.door.BodyReader;
import dev.weir.gateway.door.Desk;
import dev.weir.gateway.door.Handler;
import dev.weir.gateway.door.Inbound;
import dev.weir.gateway.door.PresentedKey;
import dev.weir.gateway.door.Refusal;
import dev.weir.gateway.door.Refusals;
import dev.weir.gateway.door.Replies;
import dev.weir.gateway.telemetry.AccessLines;
import dev.weir.streams.dialect.ChatRequest;
import dev.weir.streams.dialect.ChatRequestReader;
import dev.weir.streams.relay.Answer;
import dev.weir.streams.relay.AttemptWalk;
import dev.weir.streams.relay.Failure;
import dev.weir.streams.route.WeightedOrder;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * {@code POST /v1/chat/completions}: one call's way through the house.
 *
 * <pre>
 *   key? -> body -> read -> route -> admit (one ask) -> walk the deployments -> answer
 *    401    413      400     400      401 403 429 503      429 502 503 504
 * </pre>
 *
 * <p>A body that cannot be served, and a model that nobody serves, still ask the meter with an empty need: whoever has
 * no key learns nothing from a 400, and whoever has one loses nothing by it.
 */
public final class ChatRoute implements Handler {

    /**
     * Bounds and defaults of calls.
     *
     * @param defaultOutput the output tokens held for a call that names no maximum
     * @param rejectUnpriced a model without a price is refused to every key, not only to those with a budget
     * @param enforceUser a call that names no end user is refused
     */
    public record Settings(
            Duration admissionTimeout,
            long defaultOutput,
            WeirSettings.Reservation reservation,
            boolean rejectUnpriced,
            boolean enforceUser,
            AttemptWalk.Settings walk) {}

    /**
     * What all calls share.
     *
     * @param attemptHeader whether upstreams are told the attempt's id
     */
    public record Rooms(
            Meters meters, AttemptJournal journal, AccessLines access, Refusals refusals, boolean attemptHeader) {}

    private static final Map<String, ContentType> CONTENT_TYPES = new ConcurrentHashMap<>();
    private static final int MANY_CONTENT_TYPES = 256;
    private static final AnswerHeader.Name RETRY_AFTER = AnswerHeader.Name.of("retry-after");
    private static final AnswerHeader NO_CACHE =
            AnswerHeader.Name.of("cache-control").with("no-cache");
    private static final AnswerHeader NO_BUFFERING =
            AnswerHeader.Name.of("x-accel-buffering").with("no");

    private final Desk desk;
    private final Rooms rooms;
    private final BodyReader bodies;
    private final ChatRequestReader reader;
    private final Models models;
    private final Running running;
    private final Supplier<HoldId> holds;
    private final Settings settings;

    public ChatRoute(
            Desk desk,
            Rooms rooms,
            BodyReader bodies,
            ChatRequestReader reader,
            Models models,
            Running running,
            Supplier<HoldId> holds,
            Settings settings) {
        this.desk = desk;
        this.rooms = rooms;
        this.bodies = bodies;
        this.reader = reader;
        this.models = models;
        this.running = running;
        this.holds = holds;
        this.settings = settings;
    }

    @Override
    public CompletionStage<HttpResponse> handle(Inbound inbound) {
        String keyHash = PresentedKey.hash(inbound.request());
        if (keyHash == null) {
            return refuse(
                    inbound,
                    Refusal.of(
                            Refusal.Kind.NO_KEY,
                            "Authentication failed: no key. Send it as 'Authorization: Bearer sk-...'."));
        }
        if (running.isClosed()) {
            return shuttingDown(inbound);
        }
        return bodies.read(inbound.request().entity(), inbound.dispatcher()).thenCompose(body -> switch (body) {
            case BodyReader.Unreadable unreadable -> refuse(inbound, unreadable.refusal());
            case BodyReader.Whole whole ->
                switch (reader.read(whole.bytes())) {
                    case ChatRequestReader.Bad bad ->
                        authenticate(
                                inbound,
                                keyHash,
                                Refusal.malformed(
                                        bad.problem().param().isEmpty()
                                                ? null
                                                : bad.problem().param(),
                                        bad.problem().message()));
                    case ChatRequestReader.Read read -> route(inbound, keyHash, read.request());
                };
        });
    }

    private CompletionStage<HttpResponse> shuttingDown(Inbound inbound) {
        return refuse(inbound, Refusal.of(Refusal.Kind.SHUTTING_DOWN, "The gateway is shutting down.", 1));
    }

    private CompletionStage<HttpResponse> refuse(Inbound inbound, Refusal refusal) {
        return CompletableFuture.completedFuture(desk.refuse(inbound, refusal));
    }

    /** A good key is told what is wrong with the request; a bad one that it is bad. */
    private CompletionStage<HttpResponse> authenticate(Inbound inbound, String keyHash, Refusal otherwise) {
        return rooms.meters()
                .authenticate(keyHash, holds.get(), settings.admissionTimeout())
                .thenComposeAsync(
                        decision -> decision instanceof Decision.Granted
                                ? refuse(inbound, otherwise)
                                : notAdmitted(inbound, keyHash, decision),
                        inbound.connection().loop());
    }

    private CompletionStage<HttpResponse> route(Inbound inbound, String keyHash, ChatRequest request) {
        return models.find(request.model())
                .map(group -> settings.rejectUnpriced() && !group.priced()
                        ? authenticate(
                                inbound, keyHash, rooms.refusals().of(new Decision.Unpriced(group.name()), keyHash))
                        : admit(inbound, keyHash, request, group))
                .orElseGet(() -> authenticate(
                        inbound,
                        keyHash,
                        new Refusal(
                                Refusal.Kind.UNKNOWN_MODEL,
                                "The model '" + request.model()
                                        + "' does not exist here. GET /v1/models lists those that do.",
                                "model",
                                null,
                                null,
                                null,
                                0)));
    }

    private CompletionStage<HttpResponse> admit(
            Inbound inbound, String keyHash, ChatRequest request, Models.Group group) {
        String endUser = EndUser.of(inbound, request);
        if (endUser == null && settings.enforceUser()) {
            return authenticate(inbound, keyHash, Refusal.malformed("user", "user: missing, and required here."));
        }
        long input = group.experience().inputBound(request);
        long output = output(request, group);
        Need need = Need.ofCall(input + output, group.costBound(input, output), group.priced());
        EventLoop loop = inbound.connection().loop();
        if (!running.arrive()) {
            return shuttingDown(inbound);
        }
        return rooms.meters()
                .reserve(keyHash, holds.get(), group.name(), need, endUser, settings.admissionTimeout())
                .thenComposeAsync(
                        decision -> {
                            try {
                                return decision instanceof Decision.Granted granted
                                        ? walk(
                                                inbound,
                                                new Call(
                                                        rooms,
                                                        inbound,
                                                        endUser,
                                                        request,
                                                        group,
                                                        granted,
                                                        new Holding(
                                                                rooms.meters(),
                                                                granted,
                                                                group,
                                                                need,
                                                                output,
                                                                settings.admissionTimeout(),
                                                                loop)),
                                                request)
                                        : notAdmitted(inbound, keyHash, decision);
                            } finally {
                                running.arrived();
                            }
                        },
                        loop);
    }

    /** What is held of output: the most that there may be or, of a stream, what there usually is. */
    private long output(ChatRequest request, Models.Group group) {
        long unnamed = group.maxOutput() > 0
                ? Math.min(group.maxOutput(), settings.defaultOutput())
                : settings.defaultOutput();
        long most = request.outputBound(unnamed);
        boolean expects = request.stream() && settings.reservation() == WeirSettings.Reservation.EXPECTED;
        return expects ? Math.min(most, group.experience().usualOutput() * request.choices()) : most;
    }

    private CompletionStage<HttpResponse> notAdmitted(Inbound inbound, String keyHash, Decision decision) {
        return switch (decision) {
            case Decision.Exceeded exceeded -> {
                List<HttpHeader> headers = new ArrayList<>();
                ChatHeaders.limits(headers, exceeded.standings());
                yield CompletableFuture.completedFuture(
                        desk.refuse(inbound, rooms.refusals().of(exceeded, keyHash))
                                .addHeaders(headers));
            }
            case Decision.Refused refused -> refuse(inbound, rooms.refusals().of(refused, keyHash));
            case Decision.Unavailable unavailable ->
                refuse(
                        inbound,
                        Refusal.of(Refusal.Kind.STORE_DOWN, "The key's meter cannot answer now. Try again.", 1));
            case Decision.Granted granted -> throw new IllegalStateException("granted " + granted.hold());
        };
    }

    private CompletionStage<HttpResponse> walk(Inbound inbound, Call call, ChatRequest request) {
        AttemptWalk walk;
        try {
            walk = AttemptWalk.start(
                    inbound.connection(),
                    request,
                    WeightedOrder.of(call.group().targets(), ThreadLocalRandom.current()),
                    settings.walk(),
                    call);
        } catch (RuntimeException bug) {
            // The door answers 500; the hold must not outlive the call.
            call.callEnded(new Failure(Failure.Kind.NOT_JOURNALLED, "the walk could not start: " + bug.getClass()));
            throw bug;
        }
        if (!walk.isOver()) {
            inbound.connection().callStarted();
            Runnable remove = running.add(walk, inbound.connection().loop());
            walk.onOver(() -> {
                inbound.connection().callEnded();
                remove.run();
            });
        }
        return walk.answer().thenApply(answer -> response(inbound, call, answer));
    }

    private HttpResponse response(Inbound inbound, Call call, Answer answer) {
        List<HttpHeader> headers = ChatHeaders.of(call, answer.attempts());
        return switch (answer) {
            case Answer.Whole whole -> {
                ChatHeaders.cost(headers, call);
                ChatHeaders.upstream(headers, whole.target(), whole.headers());
                String retryAfter = whole.headers().get(HttpHeaderNames.RETRY_AFTER);
                if (retryAfter != null && whole.status() >= 400) {
                    headers.add(RETRY_AFTER.with(retryAfter));
                }
                yield Replies.bytes(whole.status(), contentType(whole.headers()), whole.body())
                        .addHeaders(headers);
            }
            case Answer.Streamed streamed -> {
                ChatHeaders.upstream(headers, streamed.target(), streamed.headers());
                headers.add(NO_CACHE);
                headers.add(NO_BUFFERING);
                yield HttpResponse.create()
                        .withStatus(Replies.status(streamed.status()))
                        .withEntity(HttpEntities.createChunked(
                                contentType(streamed.headers()), body(inbound, streamed.body())))
                        .addHeaders(headers);
            }
            case Answer.Failed failed ->
                desk.refused(call.refusal(failed.failure())).addHeaders(headers);
        };
    }

    /** What came before HTTP/1.1 has no chunks: there the end of the connection is the end of the body. */
    private static Source<ByteString, NotUsed> body(Inbound inbound, Source<ByteString, NotUsed> events) {
        return inbound.request().protocol().equals(HttpProtocols.HTTP_1_1)
                ? inbound.connection().chunked(events)
                : events;
    }

    private static ContentType contentType(HttpHeaders headers) {
        String value = headers.get(HttpHeaderNames.CONTENT_TYPE);
        if (value == null) {
            return ContentTypes.APPLICATION_JSON;
        }
        ContentType known = CONTENT_TYPES.get(value);
        if (known != null) {
            return known;
        }
        ContentType parsed;
        try {
            parsed = ContentTypes.parse(value);
        } catch (RuntimeException malformed) {
            parsed = ContentTypes.APPLICATION_OCTET_STREAM;
        }
        if (CONTENT_TYPES.size() < MANY_CONTENT_TYPES) {
            CONTENT_TYPES.put(value, parsed);
        }
        return parsed;
    }
}
