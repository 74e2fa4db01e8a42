package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Command;
import dev.weir.actors.meter.Meter.Reserve;
import dev.weir.actors.meter.Meter.Settle;
import dev.weir.actors.meter.Meter.Waited;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * What the meter of a key does: it admits calls in one turn, out of its {@link Purse}, and settles them. A call for which
 * the purse has no room, though its limits may have, waits for a write or for an account's meter, holding nothing.
 */
final class KeyDuty implements Duty {

    private static final Duration TICK = Duration.ofMillis(100);
    private static final int MOST_DEFERRED = 1000;

    private final String id;
    private final Life life;
    private final MeterSettings common;
    private final Shares shares;
    private final InstantSource clock;
    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;

    private final WaitingRoom waiting = new WaitingRoom();
    private final List<Settle> deferred = new ArrayList<>();
    private final List<Runnable> untilKnown = new ArrayList<>();
    private final Acks acks = new Acks();
    private final Announcements announcements;
    private @Nullable Purse purse;

    KeyDuty(
            String id,
            Life life,
            MeterSettings common,
            Shares shares,
            Peers peers,
            InstantSource clock,
            ActorContext<Command> context,
            TimerScheduler<Command> timers) {
        this.id = id;
        this.life = life;
        this.common = common;
        this.shares = shares;
        this.clock = clock;
        this.context = context;
        this.timers = timers;
        this.announcements = new Announcements(peers);
    }

    private Purse purse() {
        if (purse == null) {
            throw new IllegalStateException("meter " + id + ": no row");
        }
        return purse;
    }

    @Override
    public void take(MeterState row, long ledgerNanoUsd) {
        purse = new Purse(row, ledgerNanoUsd, common, shares, context.getSelf());
    }

    @Override
    public void takeCreated(MeterState row) {
        purse = Purse.ofCreated(row, common, shares, context.getSelf());
    }

    @Override
    public void drop() {
        leaveAll().forEach(call -> call.answer(new Decision.UnknownKey()));
        acks.tellAll();
        deferred.forEach(this::absent);
        deferred.clear();
        known();
        purse = null;
    }

    private List<Reserve> leaveAll() {
        List<Reserve> all = waiting.clear();
        if (purse != null) {
            Purse had = purse;
            all.forEach(call -> had.forget(call.hold()));
        }
        return all;
    }

    @Override
    public void on(Meter.Use command) {
        switch (command) {
            case Reserve call -> reserve(call);
            case Settle settle -> settle(settle);
            case Meter.SharesMoved moved -> {
                drain();
                acks.tellPaid();
                known();
            }
            case Waited tick -> tickWaiting();
            case Meter.Heard heard -> announcements.heard(heard);
            case Want want -> {}
        }
    }

    @Override
    public void await(Meter.Use command) {
        switch (command) {
            case Reserve call -> park(call);
            case Settle settle -> {
                if (deferred.size() < MOST_DEFERRED) {
                    deferred.add(settle);
                }
            }
            case Waited tick -> tickWaiting();
            case Meter.SharesMoved moved -> {}
            case Meter.Heard heard -> announcements.heard(heard);
            case Want want -> {}
        }
    }

    @Override
    public void absent(Meter.Use command) {
        switch (command) {
            case Reserve call -> call.answer(new Decision.UnknownKey());
            case Settle settle -> settle.replyTo().tell(new Ack(settle.hold()));
            case Meter.Heard heard -> announcements.heard(heard);
            case Waited tick -> {}
            case Meter.SharesMoved moved -> {}
            case Want want -> {}
        }
    }

    @Override
    public void refuse(Meter.Use command, String reason) {
        switch (command) {
            case Reserve call -> call.answer(new Decision.Unavailable(reason));
            case Settle settle -> {} // the door repeats it until somebody can read the row
            case Meter.Heard heard -> announcements.heard(heard);
            case Waited tick -> {}
            case Meter.SharesMoved moved -> {}
            case Want want -> {}
        }
    }

    @Override
    public void refuseWaiting(String reason) {
        leaveAll().forEach(call -> call.answer(new Decision.Unavailable(reason)));
        deferred.clear();
        known();
    }

    // Calls.

    private void reserve(Reserve call) {
        long now = clock.millis();
        if (!decide(call, now)) {
            park(call);
            purse().queue(call.ask(), now);
            life.write();
        } else if (!life.isWriting() && purse().isLow(now)) {
            life.write();
        }
    }

    /** @return false when the call has to wait */
    private boolean decide(Reserve call, long now) {
        if (now > call.notAfterEpochMillis()) {
            call.answer(new Decision.Unavailable("the call's time was up before its turn"));
            return true;
        }
        Optional<Decision> decision = purse().reserve(call.ask(), now);
        decision.ifPresent(call::answer);
        return decision.isPresent();
    }

    private void park(Reserve call) {
        if (!waiting.admit(call)) {
            call.answer(new Decision.Unavailable("too many calls of this key wait"));
        } else if (!timers.isTimerActive(Waited.TICK)) {
            timers.startTimerWithFixedDelay(Waited.TICK, Waited.TICK, TICK);
        }
    }

    private void tickWaiting() {
        for (Reserve call : waiting.tick()) {
            if (purse != null) {
                purse.forget(call.hold());
            }
            call.answer(new Decision.Unavailable("neither the store nor an account's meter answered in time"));
        }
        if (purse != null && purse.isClaimed()) {
            drain();
        }
        if (waiting.isEmpty()) {
            timers.cancel(Waited.TICK);
        }
    }

    /** Looks at those who wait again, whole and from the head. */
    private void drain() {
        purse().unqueue();
        if (waiting.isEmpty()) {
            return;
        }
        long now = clock.millis();
        waiting.sweep(call -> {
            boolean decided = decide(call, now);
            if (decided) {
                purse().forget(call.hold());
            } else {
                purse().queue(call.ask(), now);
            }
            return decided;
        });
    }

    private void settle(Settle settle) {
        waiting.remove(settle.hold()).ifPresent(call -> {
            purse().forget(call.hold());
            call.answer(new Decision.Unavailable("the call was given up before its turn"));
        });
        if (!acks.join(settle)) {
            Debt debt = purse().settle(settle.hold(), settle.epoch(), settle.held(), settle.used(), settle.began());
            if (debt.isNone()) {
                settle.replyTo().tell(new Ack(settle.hold()));
            } else {
                acks.add(settle, debt);
                if (debt.row()) {
                    life.write();
                }
            }
        }
        drain();
    }

    // The row.

    @Override
    public MeterState durable() {
        return purse().durable();
    }

    @Override
    public long spentOrHeld() {
        return purse().spentOrHeld();
    }

    @Override
    public Optional<MeterState> plan(UnaryOperator<MeterState> change, long now, long nonce) {
        Optional<MeterState> next = purse().plan(change, waiting.asks(), now, nonce);
        if (next.isPresent()) {
            acks.planned();
        }
        return next;
    }

    @Override
    public void written(MeterState row) {
        purse().written(row);
        acks.written();
    }

    @Override
    public void abandoned() {
        purse().abandoned();
        acks.abandoned();
    }

    @Override
    public void resume() {
        List<Settle> came = List.copyOf(deferred);
        deferred.clear();
        came.forEach(this::settle);
        drain();
    }

    @Override
    public Optional<MeterState> leaving(long nonce) {
        acks.planned();
        return Optional.of(purse().leaving(nonce));
    }

    @Override
    public void left() {
        acks.written();
    }

    @Override
    public boolean isQuiet() {
        return waiting.isEmpty() && acks.isEmpty() && announcements.isEmpty() && !purse().hasOpenHolds();
    }

    @Override
    public void enforce(Meter.Admin change, Runnable then) {
        if (change instanceof Meter.Rotate rotate) {
            announcements.announce(
                    number -> new Keeper.Rotated(rotate.hash(), id, number, context.getSelf()), heard -> then.run());
        } else {
            then.run();
        }
    }

    @Override
    public void whenKnown(Runnable then) {
        if (purse().isWholeChainKnown()) {
            then.run();
        } else {
            untilKnown.add(then);
            if (!timers.isTimerActive(Waited.TICK)) {
                timers.startTimerWithFixedDelay(Waited.TICK, Waited.TICK, TICK);
            }
        }
    }

    /** Whoever wanted to see the whole chain sees it, or what there is of it. */
    private void known() {
        if (!untilKnown.isEmpty() && (purse == null || purse.isWholeChainKnown())) {
            List<Runnable> all = List.copyOf(untilKnown);
            untilKnown.clear();
            all.forEach(Runnable::run);
        }
    }

    @Override
    public MeterView view(long now) {
        return purse().view(now);
    }
}
