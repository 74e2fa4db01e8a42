package dev.weir.streams.pool;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** A listener that reads on and writes down what it is told. */
public final class Call implements Exchange.Listener {

    /** What an exchange came to. */
    public record Outcome(int status, String body, @Nullable UpstreamFailure failure) {

        public UpstreamFailure.@Nullable Kind kind() {
            return failure == null ? null : failure.kind();
        }
    }

    private final List<String> told = new CopyOnWriteArrayList<>();
    private final StringBuilder body = new StringBuilder();
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final CompletableFuture<Exchange> exchange = new CompletableFuture<>();
    private final Runnable onProgress;
    private volatile Runnable afterEnd = () -> {};
    private boolean reads = true;
    private int status;

    Call(Runnable onProgress) {
        this.onProgress = onProgress;
    }

    public static Call send(UpstreamPool pool, int loop, String model, boolean stream) {
        return new Call(() -> {}).start(pool, loop, model, stream);
    }

    Call start(UpstreamPool pool, int loop, String model, boolean stream) {
        ByteString body = ByteString.fromString("{\"model\":\"" + model + "\",\"stream\":" + stream
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        UpstreamRequest request = new UpstreamRequest(HttpMethod.POST, "/chat/completions", HeaderBlock.NONE, body);
        if (pool.loop(loop).inEventLoop()) {
            exchange.complete(pool.send(loop, request, this));
        } else {
            pool.loop(loop).execute(() -> exchange.complete(pool.send(loop, request, this)));
        }
        return this;
    }

    Call withoutReading() {
        reads = false;
        return this;
    }

    Exchange exchangeNow() {
        return exchange.join();
    }

    /** Runs behind the end, in the same turn. */
    void onEnd(Runnable next) {
        afterEnd = next;
    }

    /** Cancels on the loop and returns when it has. */
    void cancel(UpstreamPool pool) {
        Exchange running = exchange.join();
        CompletableFuture.runAsync(running::cancel, pool.loop(running.loopIndex()))
                .join();
    }

    public Outcome outcome() {
        return outcome.orTimeout(20, TimeUnit.SECONDS).join();
    }

    boolean isOver() {
        return outcome.isDone();
    }

    /** The names of the methods that were called, pieces and reads left out. */
    List<String> told() {
        return List.copyOf(told);
    }

    @Override
    public boolean sending() {
        tell("sending");
        return true;
    }

    @Override
    public void head(int answered, HttpHeaders headers) {
        status = answered;
        tell("head");
    }

    @Override
    public void data(ByteBuf piece) {
        body.append(piece.toString(StandardCharsets.UTF_8));
        onProgress.run();
    }

    @Override
    public void readComplete() {
        if (reads) {
            exchange.join().read();
        }
    }

    @Override
    public void end() {
        tell("end");
        afterEnd.run();
        outcome.complete(new Outcome(status, body.toString(), null));
    }

    @Override
    public void failed(UpstreamFailure failure) {
        tell("failed");
        outcome.complete(new Outcome(status, body.toString(), failure));
    }

    private void tell(String what) {
        told.add(what);
        onProgress.run();
    }
}
