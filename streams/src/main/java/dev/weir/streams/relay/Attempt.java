package dev.weir.streams.relay;

import dev.weir.streams.dialect.ChatFacts;
import dev.weir.streams.dialect.ChatRequest;
import dev.weir.streams.pool.Exchange;
import dev.weir.streams.pool.UpstreamFailure;
import dev.weir.streams.pool.UpstreamRequest;
import dev.weir.streams.transport.WholeBody;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at one deployment. Confined to its call's loop.
 *
 * <pre>
 *   SENDING -> WHOLE ------------------------------> OVER      a whole answer, or a refusal
 *           -> PREAMBLE -> COMMITTED -> TAIL ------> OVER      a stream: held, relayed, settled
 * </pre>
 *
 * <p>Until COMMITTED nothing was promised to the client, and a failure is the walk's to deal with. From there a failure
 * becomes bytes for the client. In TAIL the terminal marker has come and everything is recorded; only the connection's
 * clean end is waited for.
 */
final class Attempt implements Exchange.Listener {

    private static final long TAIL_MILLIS = 1_000;
    private static final int TAIL_BYTES = 64 * 1024;
    private static final int MAX_REFUSAL = 1024 * 1024;
    private static final int OK = 200;
    private static final HttpHeaders EVENT_STREAM =
            new DefaultHttpHeaders().set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
    private static final ByteString KEEP_ALIVE = ByteString.fromString(": keep-alive\n\n");

    private static final Failure IN_BAND =
            new Failure(Failure.Kind.IN_BAND, "the provider reported an error in its stream");

    private enum Phase {
        SENDING,
        WHOLE,
        PREAMBLE,
        COMMITTED,
        TAIL,
        OVER
    }

    private final AttemptWalk walk;
    private final ChatRequest request;
    private final Target target;
    private final int number;
    private final EventLoop loop;
    private final AttemptClock clock;
    private final EventRelay relay;
    private final AttemptAccount account;
    private final Allowance allowance;
    private final Outbox outbox = new Outbox();

    private Phase phase = Phase.SENDING;
    private @Nullable Exchange exchange;
    private int status;
    private HttpHeaders headers = EmptyHttpHeaders.INSTANCE;
    private final WholeBody whole = new WholeBody();

    private boolean promised;
    private int tailBytes;
    private @Nullable Future<?> tailTimer;
    private @Nullable Future<?> keepAliveTimer;

    Attempt(AttemptWalk walk, ChatRequest request, Target target, int number, EventLoop loop) {
        this.walk = walk;
        this.request = request;
        this.target = target;
        this.number = number;
        this.loop = loop;
        this.clock = new AttemptClock(target.clocks(request.stream()), walk.startedAt(), loop, this::timedOut);
        this.relay = new EventRelay(
                !request.wantsUsage() && target.asksUsage(), walk.settings().maxEvent());
        this.account = new AttemptAccount(walk.watch(), number, target, request, relay.facts());
        this.allowance = new Allowance(walk.watch(), this::allowanceMoved);
    }

    void start(int loopIndex, UpstreamRequest upstream) {
        Exchange started = target.pool().send(loopIndex, upstream, this);
        if (phase == Phase.OVER) {
            return;
        }
        exchange = started;
    }

    Target target() {
        return target;
    }

    // What the exchange tells.

    @Override
    public boolean sending() {
        if (phase == Phase.OVER) {
            return false;
        }
        if (!account.begin()) {
            phase = Phase.OVER;
            walk.attemptFailed(this, new Failure(Failure.Kind.NOT_JOURNALLED, "the attempt journal is full"), null);
            return false;
        }
        clock.start(account.begunAt());
        clock.waiting();
        if (request.stream() && walk.settings().comments().beforeContent()) {
            keepAlive();
        }
        return true;
    }

    @Override
    public void head(int answered, HttpHeaders answerHeaders) {
        status = answered;
        headers = answerHeaders;
        clock.heard();
        boolean stream = request.stream() && answered >= 200 && answered < 300;
        if (!request.stream()) {
            clock.firstContent();
        }
        String encoding = answerHeaders.get(HttpHeaderNames.CONTENT_ENCODING);
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            fail(Failure.Kind.MALFORMED, "the answer is encoded as " + encoding + ", which was not asked for");
        } else if (stream && !isEventStream(answerHeaders)) {
            fail(Failure.Kind.MALFORMED, "a stream was asked for, the answer is none");
        } else if (answered >= 300 && answered < 400) {
            fail(Failure.Kind.MALFORMED, "the upstream redirects (" + answered + ")");
        } else {
            phase = stream ? Phase.PREAMBLE : Phase.WHOLE;
        }
    }

    private static boolean isEventStream(HttpHeaders headers) {
        String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
        return type != null && type.toLowerCase(Locale.ROOT).startsWith("text/event-stream");
    }

    @Override
    public void data(ByteBuf piece) {
        clock.heard();
        switch (phase) {
            case WHOLE -> gather(piece);
            case PREAMBLE, COMMITTED -> {
                if (!relay.feed(piece)) {
                    fail(
                            Failure.Kind.TOO_LARGE,
                            "an event exceeds " + walk.settings().maxEvent() + " bytes");
                }
            }
            case TAIL -> tail(piece);
            case SENDING, OVER -> {}
        }
    }

    /** Nobody needs what comes behind the marker; a little of it is passed on, so that the connection can be kept. */
    private void tail(ByteBuf piece) {
        tailBytes += piece.readableBytes();
        if (tailBytes > TAIL_BYTES || !relay.feed(piece)) {
            close();
        }
    }

    private void gather(ByteBuf piece) {
        int limit = status < 400 ? walk.settings().maxAnswer() : MAX_REFUSAL;
        if (!whole.add(piece, limit)) {
            fail(Failure.Kind.TOO_LARGE, "the answer exceeds " + limit + " bytes");
        }
    }

    @Override
    public void readComplete() {
        switch (phase) {
            case SENDING, WHOLE -> readOn();
            case TAIL -> {
                outbox.offer(relay.take());
                readOn();
            }
            case PREAMBLE -> preamble();
            case COMMITTED -> relayed();
            case OVER -> {}
        }
    }

    private void preamble() {
        ChatFacts facts = relay.facts();
        if (facts.error() && !relay.contentSeen()) {
            failed(IN_BAND, false);
        } else if (relay.contentSeen() || facts.done()) {
            commit();
        } else {
            readOn();
        }
    }

    private void commit() {
        account.firstContent();
        clock.firstContent();
        phase = Phase.COMMITTED;
        relayed();
        if (!promised) {
            promise(status, headers);
        }
    }

    private void promise(int promisedStatus, HttpHeaders promisedHeaders) {
        promised = true;
        Source<ByteString, NotUsed> body = Source.fromGraph(new RelaySource(this));
        walk.committed(new Answer.Streamed(promisedStatus, promisedHeaders, body, target, number));
    }

    /** What was asked for is held, or will not be. */
    private void allowanceMoved() {
        if (phase == Phase.COMMITTED && allowance.isPausing()) {
            if (exchange == null) {
                streamEnded();
            } else {
                relayed();
            }
        }
    }

    /** More than is held is not passed on: it waits for more to be held, or the stream is cut where it is. */
    private boolean mayPass() {
        if (allowance.covers(relay.facts().outputEstimate())) {
            return true;
        }
        Failure refusal = allowance.refusal();
        if (refusal != null) {
            relay.take();
            tell(refusal, false);
        }
        return false;
    }

    private void relayed() {
        if (!mayPass()) {
            return;
        }
        if (relay.facts().done()) {
            phase = Phase.TAIL;
            settle(reported());
            clock.stop();
            tailTimer = loop.schedule(this::close, TAIL_MILLIS, TimeUnit.MILLISECONDS);
        }
        account.progress();
        // Read on while the client takes what there is: to stop and go on costs two system calls an event.
        boolean awaited = outbox.isDemanded();
        outbox.offer(relay.take());
        if (phase == Phase.TAIL || awaited) {
            readOn();
        }
    }

    private @Nullable Failure reported() {
        return relay.facts().error() ? IN_BAND : null;
    }

    @Override
    public void end() {
        exchange = null;
        clock.stop();
        switch (phase) {
            case WHOLE -> wholeEnded();
            case PREAMBLE, COMMITTED -> streamEnded();
            case TAIL -> {
                relay.finish();
                outbox.offer(relay.take());
                close();
            }
            case SENDING, OVER -> {}
        }
    }

    private void wholeEnded() {
        Answer.Whole answer = new Answer.Whole(status, headers, whole.bytes(), target, number);
        if (status >= 400) {
            Failure failure = Refusals.classify(status, headers);
            if (promised) {
                failed(failure, false);
                return;
            }
            phase = Phase.OVER;
            stopTimers();
            settleAttempt(failure);
            walk.attemptFailed(this, failure, answer);
            return;
        }
        relay.facts().read(whole.array(), 0, whole.length());
        if (relay.facts().malformed() > 0) {
            fail(Failure.Kind.MALFORMED, "the answer is not a JSON object");
            return;
        }
        account.firstContent();
        phase = Phase.OVER;
        settle(null);
        walk.answered(answer);
    }

    /** An event without its empty line counts, but it reaches the client only where nothing must be said behind it. */
    private void streamEnded() {
        if (phase == Phase.PREAMBLE) {
            preamble();
        }
        if (phase == Phase.COMMITTED && !mayPass()) {
            return;
        }
        boolean told = relay.facts().error();
        ByteString events = phase == Phase.COMMITTED ? relay.take() : ByteString.emptyByteString();
        relay.finish();
        ChatFacts facts = relay.facts();
        if (phase == Phase.PREAMBLE && facts.done() && !facts.error()) {
            commit();
        }
        switch (phase) {
            case TAIL -> {
                outbox.offer(relay.take());
                close();
            }
            case COMMITTED -> {
                if (facts.done()) {
                    settle(reported());
                    outbox.offer(events.concat(relay.take()));
                    close();
                } else {
                    relay.take();
                    outbox.offer(events);
                    endedEarly(facts, told);
                }
            }
            case PREAMBLE -> endedEarly(facts, false);
            case SENDING, WHOLE, OVER -> {}
        }
    }

    private void endedEarly(ChatFacts facts, boolean told) {
        if (facts.error()) {
            failed(IN_BAND, told);
        } else {
            fail(Failure.Kind.TRUNCATED, "the stream ended without its terminal marker");
        }
    }

    @Override
    public void failed(UpstreamFailure failure) {
        exchange = null;
        Failure.Kind kind = switch (failure.kind()) {
            case QUEUE_FULL, QUEUE_TIMEOUT -> Failure.Kind.OVERLOADED;
            case UNREACHABLE -> Failure.Kind.UNREACHABLE;
            case BROKE_BEFORE_ANSWER, BROKE_IN_ANSWER -> Failure.Kind.BROKEN;
            case MALFORMED -> Failure.Kind.MALFORMED;
            case CLOSING -> Failure.Kind.DRAINING;
        };
        if (phase == Phase.TAIL) {
            close();
        } else {
            fail(kind, failure.kind() + ": " + failure.detail());
        }
    }

    // What ends it from this side.

    private void timedOut(String which) {
        fail(Failure.Kind.TIMED_OUT, which);
    }

    /** The client is gone, whatever was promised. */
    void clientLeft() {
        stop(new Failure(Failure.Kind.CLIENT_LEFT, "the client left"));
    }

    /** The node stops waiting. */
    void drain() {
        fail(Failure.Kind.DRAINING, "the gateway is shutting down");
    }

    private void fail(Failure.Kind kind, String detail) {
        failed(new Failure(kind, detail), relay.facts().error());
    }

    /** @param told the client has been, or is being, told by the provider itself */
    private void failed(Failure failure, boolean told) {
        switch (phase) {
            case SENDING, WHOLE, PREAMBLE -> {
                if (promised) {
                    tell(failure, told);
                } else {
                    phase = Phase.OVER;
                    cancelExchange();
                    stopTimers();
                    settleAttempt(failure);
                    walk.attemptFailed(this, failure, null);
                }
            }
            case COMMITTED -> tell(failure, told);
            case TAIL -> close();
            case OVER -> {}
        }
    }

    private void tell(Failure failure, boolean told) {
        cancelExchange();
        ByteString events = allowance.isPausing() ? ByteString.emptyByteString() : relay.take();
        settle(failure);
        outbox.offer(told ? events : events.concat(walk.watch().inBand(failure)));
        close();
    }

    private void stop(Failure failure) {
        if (phase == Phase.OVER) {
            return;
        }
        boolean settled = phase == Phase.TAIL;
        phase = Phase.OVER;
        cancelExchange();
        stopTimers();
        if (!settled) {
            settle(failure);
        }
        walk.abandoned(failure);
    }

    private void close() {
        phase = Phase.OVER;
        cancelExchange();
        stopTimers();
        outbox.complete();
    }

    private void stopTimers() {
        clock.stop();
        if (tailTimer != null) {
            tailTimer.cancel(false);
        }
        if (keepAliveTimer != null) {
            keepAliveTimer.cancel(false);
        }
    }

    private void cancelExchange() {
        Exchange running = exchange;
        exchange = null;
        if (running != null) {
            running.cancel();
        }
    }

    // Accounting.

    private void settle(@Nullable Failure failure) {
        settleAttempt(failure);
        walk.settle(failure);
    }

    private void settleAttempt(@Nullable Failure failure) {
        account.end(failure, status);
    }

    // The client's side of a committed stream.

    void outlet(RelaySource.Wake wake) {
        outbox.open(wake);
        if (keepAliveTimer == null) {
            keepAlive();
        }
    }

    /** The client has everything, or has left. */
    void outletStopped() {
        clientLeft();
        walk.finished();
    }

    private void keepAlive() {
        Duration every = walk.settings().comments().every();
        if (every.isPositive() && phase != Phase.OVER) {
            keepAliveTimer = loop.schedule(() -> comment(every), every.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void comment(Duration every) {
        if (phase == Phase.TAIL || phase == Phase.OVER) {
            return;
        }
        if (!promised) {
            outbox.put(KEEP_ALIVE);
            promise(OK, EVENT_STREAM);
        } else if (outbox.isDemanded() && clock.silentFor(every)) {
            outbox.offer(KEEP_ALIVE);
        }
        keepAlive();
    }

    Outbox outbox() {
        return outbox;
    }

    /** The client takes more. */
    void demand() {
        if (outbox.demand()) {
            readOn();
        }
    }

    private void readOn() {
        if (exchange != null) {
            clock.waiting();
            exchange.read();
        }
    }
}
