package dev.weir.gateway.door;

import dev.weir.streams.transport.WholeBody;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.ActorAttributes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SinkShape;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/** A request's body, read once and whole, within a size and a time. */
public final class BodyReader {

    /** What became of a body. */
    public sealed interface Body {}

    /** All of it, in an array of its own. */
    public record Whole(ByteString bytes) implements Body {}

    /** It cannot be had. */
    public record Unreadable(Refusal refusal) implements Body {}

    private final int limit;
    private final Duration timeout;
    private final Materializer materializer;

    public BodyReader(int limit, Duration timeout, Materializer materializer) {
        this.limit = limit;
        this.timeout = timeout;
        this.materializer = materializer;
    }

    /**
     * Reads.
     *
     * @param dispatcher of the connection's loop, so that the body does not change threads
     */
    public CompletionStage<Body> read(RequestEntity entity, String dispatcher) {
        if (entity instanceof HttpEntity.Strict strict) {
            ByteString data = strict.getData();
            return CompletableFuture.completedFuture(data.length() > limit ? tooLarge() : new Whole(data.compact()));
        }
        OptionalLong length = entity.getContentLengthOption();
        if (length.isPresent() && length.getAsLong() > limit) {
            discard(entity, dispatcher);
            return CompletableFuture.completedFuture(tooLarge());
        }
        return entity.withoutSizeLimit()
                .getDataBytes()
                .runWith(
                        Sink.fromGraph(new Collector(length.orElse(0), limit, timeout))
                                .withAttributes(ActorAttributes.dispatcher(dispatcher)),
                        materializer);
    }

    /** Lets a body go that nobody wants; its connection is closed behind the answer. */
    public void discard(RequestEntity entity, String dispatcher) {
        if (!(entity instanceof HttpEntity.Strict)) {
            entity.getDataBytes()
                    .runWith(
                            Sink.<ByteString>cancelled().withAttributes(ActorAttributes.dispatcher(dispatcher)),
                            materializer);
        }
    }

    private Unreadable tooLarge() {
        return tooLarge(limit);
    }

    private static Unreadable tooLarge(int limit) {
        return new Unreadable(Refusal.of(
                Refusal.Kind.TOO_LARGE, "The body is larger than " + limit + " bytes, the most that is taken."));
    }

    /** Bytes in, the whole body out. */
    private static final class Collector
            extends AbstractGraphStageWithMaterializedValue<SinkShape<ByteString>, CompletionStage<Body>> {

        private final Inlet<ByteString> in = Inlet.create("BodyReader.in");
        private final SinkShape<ByteString> shape = SinkShape.of(in);
        private final long promised;
        private final int limit;
        private final Duration timeout;

        Collector(long promised, int limit, Duration timeout) {
            this.promised = promised;
            this.limit = limit;
            this.timeout = timeout;
        }

        @Override
        public SinkShape<ByteString> shape() {
            return shape;
        }

        @Override
        public Pair<GraphStageLogic, CompletionStage<Body>> createLogicAndMaterializedValuePair(Attributes attributes) {
            CompletableFuture<Body> body = new CompletableFuture<>();
            GraphStageLogic logic = new TimerGraphStageLogic(shape) {

                private final WholeBody read = new WholeBody(promised);

                {
                    setHandler(in, new AbstractInHandler() {
                        @Override
                        public void onPush() {
                            if (read.add(grab(in), limit)) {
                                pull(in);
                            } else {
                                body.complete(tooLarge(limit));
                                cancelStage(new IllegalStateException("the body is too large"));
                            }
                        }

                        @Override
                        public void onUpstreamFinish() {
                            body.complete(new Whole(read.bytes()));
                            completeStage();
                        }

                        @Override
                        public void onUpstreamFailure(Throwable failure) {
                            body.complete(new Unreadable(Refusal.malformed(
                                    null, "The body's transfer encoding is malformed, or it ended early.")));
                            completeStage();
                        }
                    });
                }

                @Override
                public void preStart() {
                    scheduleOnce("late", timeout);
                    pull(in);
                }

                @Override
                public void onTimer(Object key) {
                    body.complete(new Unreadable(
                            Refusal.of(Refusal.Kind.TOO_SLOW, "The body did not arrive within " + timeout + ".")));
                    cancelStage(new IllegalStateException("the body is too slow"));
                }

                @Override
                public void postStop() {
                    body.complete(new Unreadable(Refusal.of(Refusal.Kind.TOO_SLOW, "The client left.")));
                }
            };
            return new Pair<>(logic, body);
        }
    }
}
