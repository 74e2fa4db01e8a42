package dev.weir.actors.meter;

import dev.weir.actors.meter.MeterStore.Loaded;
import dev.weir.actors.meter.MeterStore.WriteResult;
import java.time.Duration;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * A meter's one write in flight. Where its outcome is not known it is repeated as it is, until it is known: by the
 * store's answer, or by the nonce of the row that is there.
 */
final class RowWriter {

    /**
     * A write, and the operator who is told when it is durable.
     *
     * @param last nothing is written after it
     */
    record Writing(MeterState next, Meter.@Nullable Change change, boolean last) {}

    /** What happened to it. */
    sealed interface Event {}

    private record Answered(WriteResult result) implements Event {}

    private record Unknown(String why) implements Event {}

    private record Reread(Loaded row) implements Event {}

    private enum Again implements Event {
        NOW
    }

    /** Where it stands. */
    enum Progress {
        /** Not known yet. */
        OPEN,
        WRITTEN,
        ALIAS_TAKEN,
        /** The store does not take this change. */
        REFUSED,
        /** Somebody else owns the row. */
        FENCED
    }

    private static final Duration SHORTEST_BACKOFF = Duration.ofMillis(50);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(2);

    private final String id;
    private final MeterStore store;
    private final ActorContext<Meter.Command> context;
    private final TimerScheduler<Meter.Command> timers;
    private @Nullable Writing writing;
    private int failures;

    RowWriter(String id, MeterStore store, ActorContext<Meter.Command> context, TimerScheduler<Meter.Command> timers) {
        this.id = id;
        this.store = store;
        this.context = context;
        this.timers = timers;
    }

    boolean isBusy() {
        return writing != null;
    }

    /** This change is in flight. */
    boolean makes(long request) {
        Meter.Change change = writing == null ? null : writing.change;
        return change != null && change.request() == request;
    }

    Writing inFlight() {
        if (writing == null) {
            throw new IllegalStateException("meter " + id + ": the store answered a write that is not in flight");
        }
        return writing;
    }

    /** Its outcome is known: the next may come. */
    Writing done() {
        Writing done = inFlight();
        writing = null;
        failures = 0;
        return done;
    }

    void write(Writing next) {
        writing = next;
        send();
    }

    private void send() {
        MeterState next = inFlight().next();
        context.pipeToSelf(
                store.write(id, next.rev() - 1, next),
                (result, failure) -> new Meter.OfWrite(failure == null ? new Answered(result) : unknown(failure)));
    }

    private static Unknown unknown(Throwable failure) {
        return new Unknown(String.valueOf(failure.getMessage()));
    }

    Progress on(Event event) {
        switch (event) {
            case Answered answered -> {
                return answered(answered.result);
            }
            case Reread reread -> {
                return isMine(reread.row) ? Progress.WRITTEN : Progress.FENCED;
            }
            case Unknown unknown -> backOff(unknown.why);
            case Again again -> send();
        }
        return Progress.OPEN;
    }

    private Progress answered(WriteResult result) {
        return switch (result) {
            case WRITTEN -> Progress.WRITTEN;
            case ALIAS_TAKEN -> Progress.ALIAS_TAKEN;
            case REFUSED -> {
                if (inFlight().change() != null) {
                    yield Progress.REFUSED;
                }
                backOff("the store does not take it"); // nobody could be told
                yield Progress.OPEN;
            }
            case CONFLICT -> {
                context.pipeToSelf(
                        store.load(id),
                        (row, failure) -> new Meter.OfWrite(failure == null ? new Reread(row) : unknown(failure)));
                yield Progress.OPEN;
            }
        };
    }

    /** My nonce: an earlier try of the same write did happen. */
    private boolean isMine(Loaded row) {
        MeterState mine = inFlight().next();
        return row instanceof Loaded.Present present
                && present.state().rev() == mine.rev()
                && present.state().nonce() == mine.nonce();
    }

    private void backOff(String why) {
        failures++;
        if (failures == 1) {
            context.getLog().warn("meter {}: its row could not be written: {}; trying again", id, why);
        }
        Duration pause = SHORTEST_BACKOFF.multipliedBy(1L << Math.min(failures, 10));
        Meter.OfWrite again = new Meter.OfWrite(Again.NOW);
        timers.startSingleTimer(Again.NOW, again, pause.compareTo(LONGEST_BACKOFF) < 0 ? pause : LONGEST_BACKOFF);
    }
}
