package dev.weir.streams.relay;

import dev.weir.streams.dialect.ChatRequest;
import dev.weir.streams.dialect.ChatRewrite;
import dev.weir.streams.pool.UpstreamRequest;
import dev.weir.streams.transport.ClientConnection;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One call's way along its deployments, in the order that routing gave: the next one is tried while nothing was
 * promised to the client and the failure is one that another deployment may not have. Confined to the client's loop.
 *
 * <p>The call ends exactly once ({@link CallWatch#callEnded}), before its last byte is handed to the client.
 */
public final class AttemptWalk {

    private static final String PATH = "/chat/completions";

    /**
     * Comments that keep a silent stream open.
     *
     * @param every how long a silence lasts before one is sent; zero for never
     * @param beforeContent whether one may be the first thing that a client gets, which promises it a stream
     */
    public record Comments(Duration every, boolean beforeContent) {}

    /**
     * Bounds of a walk.
     *
     * @param maxAttempts at least 1
     * @param maxAnswer bytes of a whole answer
     * @param maxEvent bytes of one event
     */
    public record Settings(int maxAttempts, int maxAnswer, int maxEvent, Comments comments) {}

    private final ClientConnection client;
    private final ChatRequest request;
    private final List<Target> order;
    private final Settings settings;
    private final CallWatch watch;
    private final CompletableFuture<Answer> answer = new CompletableFuture<>();
    private final Runnable goneListener = this::clientLeft;
    private final long startedAt = System.nanoTime();
    private int begun;
    private @Nullable Attempt current;
    private boolean settled;
    private boolean over;
    private Runnable onOver = () -> {};

    private AttemptWalk(
            ClientConnection client, ChatRequest request, List<Target> order, Settings settings, CallWatch watch) {
        this.client = client;
        this.request = request;
        this.order = List.copyOf(order);
        this.settings = settings;
        this.watch = watch;
    }

    /**
     * Starts walking.
     *
     * @param order at least one deployment
     */
    public static AttemptWalk start(
            ClientConnection client, ChatRequest request, List<Target> order, Settings settings, CallWatch watch) {
        AttemptWalk walk = new AttemptWalk(client, request, order, settings, watch);
        if (client.isGone()) {
            Failure left = new Failure(Failure.Kind.CLIENT_LEFT, "the client left before the first attempt");
            walk.settle(left);
            walk.abandoned(left);
        } else {
            client.onGone(walk.goneListener);
            walk.next();
        }
        return walk;
    }

    /** The client can get nothing more. */
    public boolean isOver() {
        return over;
    }

    /** Runs {@code listener} once, when the client can get nothing more; set before that. */
    public void onOver(Runnable listener) {
        onOver = listener;
    }

    /** Completes on the loop, when the call is answered or its stream has its first content. */
    public CompletionStage<Answer> answer() {
        return answer;
    }

    /** Ends the call because the node shuts down; on the loop. */
    public void drain() {
        if (current != null) {
            current.drain();
        } else {
            stopped(new Failure(Failure.Kind.DRAINING, "the gateway is shutting down"));
        }
    }

    /** Between two attempts there is nobody else to end the call. */
    private void stopped(Failure why) {
        if (!over) {
            settle(why);
            abandoned(why);
        }
    }

    private void clientLeft() {
        if (current != null) {
            current.clientLeft();
        } else {
            stopped(new Failure(Failure.Kind.CLIENT_LEFT, "the client left between two attempts"));
        }
    }

    private void next() {
        if (over) {
            return;
        }
        Target target = order.get(begun++);
        if (begun == 1) {
            begin(target);
            return;
        }
        current = null;
        watch.holdAnother(begun, target, refusal -> {
            if (over) {
                return;
            }
            if (refusal == null) {
                begin(target);
            } else {
                settle(refusal);
                answer.complete(new Answer.Failed(refusal, begun - 1));
                finished();
            }
        });
    }

    private void begin(Target target) {
        boolean askUsage = target.asksUsage();
        UpstreamRequest upstream = new UpstreamRequest(
                HttpMethod.POST,
                PATH,
                watch.headers(begun, target),
                ChatRewrite.body(request, target.upstreamModel(), askUsage));
        Attempt attempt = new Attempt(this, request, target, begun, client.loop());
        current = attempt;
        attempt.start(client.loopIndex(), upstream);
    }

    // What attempts tell.

    void attemptFailed(Attempt attempt, Failure failure, Answer.@Nullable Whole refusal) {
        if (attempt != current) {
            return;
        }
        boolean another = failure.kind().retryable() && begun < order.size() && begun < settings.maxAttempts();
        if (another && !client.isGone() && hasTimeFor(order.get(begun))) {
            next();
            return;
        }
        settle(failure);
        boolean passOn = refusal != null && failure.kind() != Failure.Kind.UPSTREAM_AUTH;
        answer.complete(passOn ? refusal : new Answer.Failed(failure, begun));
        finished();
    }

    private boolean hasTimeFor(Target target) {
        Duration total = target.clocks(request.stream()).total();
        return total.isZero() || System.nanoTime() - startedAt < total.toNanos();
    }

    void answered(Answer.Whole whole) {
        answer.complete(whole);
        finished();
    }

    void committed(Answer.Streamed streamed) {
        answer.complete(streamed);
    }

    void abandoned(Failure failure) {
        answer.complete(new Answer.Failed(failure, begun));
        finished();
    }

    void settle(@Nullable Failure failure) {
        if (!settled) {
            settled = true;
            watch.callEnded(failure);
        }
    }

    void finished() {
        if (over) {
            return;
        }
        over = true;
        current = null;
        client.forget(goneListener);
        onOver.run();
    }

    long startedAt() {
        return startedAt;
    }

    Settings settings() {
        return settings;
    }

    CallWatch watch() {
        return watch;
    }
}
