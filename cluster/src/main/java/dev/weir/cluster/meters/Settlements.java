package dev.weir.cluster.meters;

import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/** Settlements on their way: each is sent again until its meter acknowledges it. */
final class Settlements {

    private static final long LONGEST_PAUSE_MILLIS = 2_000;
    private static final long SHORTEST_PAUSE_MILLIS = 50;

    private record Settlement(
            String keyHash,
            HoldId hold,
            long epoch,
            Need held,
            Need used,
            boolean began,
            CompletableFuture<Done> done) {}

    private final Function<String, EntityRef<Meter.Command>> refs;
    private final Duration timeout;
    private final Map<HoldId, Settlement> open = new ConcurrentHashMap<>();

    Settlements(Function<String, EntityRef<Meter.Command>> refs, Duration timeout) {
        this.refs = refs;
        this.timeout = timeout;
    }

    int count() {
        return open.size();
    }

    CompletionStage<Done> settle(String keyHash, HoldId hold, long epoch, Need held, Need used, boolean began) {
        Settlement settlement = new Settlement(keyHash, hold, epoch, held, used, began, new CompletableFuture<>());
        Settlement before = open.putIfAbsent(hold, settlement);
        if (before != null) {
            return before.done;
        }
        send(settlement, SHORTEST_PAUSE_MILLIS);
        return settlement.done;
    }

    private void send(Settlement s, long pause) {
        refs.apply(s.keyHash)
                .<Ack>ask(replyTo -> new Meter.Settle(s.hold, s.epoch, s.held, s.used, s.began, replyTo), timeout)
                .whenComplete((ack, failure) -> {
                    if (failure == null) {
                        open.remove(s.hold);
                        s.done.complete(Done.getInstance());
                    } else {
                        Executor later = CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS);
                        later.execute(() -> send(s, Math.min(2 * pause, LONGEST_PAUSE_MILLIS)));
                    }
                });
    }

    /** Completes when those that are open now are acknowledged, or after {@code atMost}. */
    CompletionStage<Done> empty(Duration atMost) {
        CompletableFuture<?>[] all =
                open.values().stream().map(Settlement::done).toArray(CompletableFuture[]::new);
        return CompletableFuture.allOf(all)
                .thenApply(nothing -> Done.getInstance())
                .completeOnTimeout(Done.getInstance(), atMost.toMillis(), TimeUnit.MILLISECONDS);
    }
}
