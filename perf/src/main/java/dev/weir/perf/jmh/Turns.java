package dev.weir.perf.jmh;

import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Many calls in one message, each given to the meter as the two messages that it is: what it does for them is the same,
 * and the way through the mailbox is paid once.
 */
final class Turns extends BehaviorInterceptor<Object, Meter.Command> {

    private static final int IN_FLIGHT = 100;
    private static final long HOST = 1;
    private static final long EPOCH = 1;
    private static final String MODEL = "gpt-4o";

    /** @param played completes when the last one is settled */
    record Calls(
            int count,
            Need held,
            Need used,
            ActorRef<Decided> decisions,
            ActorRef<Ack> acks,
            CompletableFuture<Void> played) {

        Calls(int count, Need held, Need used, ActorRef<Decided> decisions, ActorRef<Ack> acks) {
            this(count, held, used, decisions, acks, new CompletableFuture<>());
        }
    }

    private long sequence;

    Turns() {
        super(Object.class);
    }

    @Override
    public Behavior<Meter.Command> aroundReceive(
            TypedActorContext<Object> context, Object message, ReceiveTarget<Meter.Command> meter) {
        if (!(message instanceof Calls calls)) {
            return meter.apply(context, (Meter.Command) message);
        }
        for (int done = 0; done < calls.count; done += IN_FLIGHT) {
            fly(context, meter, calls, Math.min(IN_FLIGHT, calls.count - done));
        }
        calls.played.complete(null);
        return Behaviors.same();
    }

    /** A live meter stays as it is over reservations and settlements, so that what it returns may be left aside. */
    private void fly(TypedActorContext<Object> context, ReceiveTarget<Meter.Command> meter, Calls calls, int count) {
        long first = sequence;
        sequence += count;
        for (long i = first; i < sequence; i++) {
            meter.apply(
                    context,
                    new Meter.Reserve(
                            new HoldId(HOST, i),
                            MeterBenchmark.KEY,
                            MODEL,
                            calls.held,
                            null,
                            Long.MAX_VALUE,
                            calls.decisions));
        }
        for (long i = first; i < sequence; i++) {
            meter.apply(
                    context,
                    new Meter.Settle(
                            new HoldId(HOST, i), EPOCH, MODEL, null, calls.held, calls.used, true, calls.acks));
        }
    }
}
