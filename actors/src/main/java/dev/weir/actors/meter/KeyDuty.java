package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Asking;
import dev.weir.actors.meter.Meter.Command;
import dev.weir.actors.meter.Meter.Settle;
import dev.weir.actors.meter.Meter.Waited;
import dev.weir.config.Money;
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
    private static final int TICKS_TO_REPEAT = 5;
    private static final int MOST_DEFERRED = 1000;

    /** Longer than this nobody waits to see what an account does not say. */
    private static final int TICKS_TO_KNOW = 30;

    /** A top-up beyond a limit: the call may go on when it is durable. */
    private record TopUpId(HoldId hold, int number) {}

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
    private final Acks<HoldId> acks;
    private final Acks<TopUpId> beyond;
    private final Acks<HoldId> reopened;
    private final Enforcement enforcement;

    /** Of this key before it was deleted, while calls run that it has admitted: the accounts above are told what those used. */
    private final List<Purse> deleted = new ArrayList<>(0);

    private @Nullable Purse purse;
    private int ticks;
    private int ticksUnknown;

    KeyDuty(
            String id,
            Life life,
            MeterSettings common,
            Shares shares,
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
        this.acks = new Acks<>(context.getSelf());
        this.beyond = new Acks<>(context.getSelf());
        this.reopened = new Acks<>(context.getSelf());
        this.enforcement = new Enforcement(id, common.nodes(), context.getSelf());
    }

    private Purse purse() {
        if (purse == null) {
            throw new IllegalStateException("meter " + id + ": no row");
        }
        return purse;
    }

    @Override
    public void take(MeterState row, long former, long ledgerNanoUsd) {
        purse = new Purse(row, former, ledgerNanoUsd, common, shares, context.getSelf());
    }

    @Override
    public void takeCreated(MeterState row) {
        purse = Purse.ofCreated(row, common, shares, context.getSelf());
    }

    @Override
    public void drop() {
        leaveAll().forEach(call -> call.answer(new Decision.UnknownKey()));
        acks.tellAll();
        beyond.tellAll();
        reopened.tellAll();
        if (purse != null && purse.hasOpenHolds()) {
            deleted.add(purse);
        }
        purse = null;
        known();
        List<Settle> came = List.copyOf(deferred);
        deferred.clear();
        came.forEach(this::absent);
    }

    private List<Asking> leaveAll() {
        List<Asking> all = waiting.clear();
        if (purse != null) {
            Purse had = purse;
            all.forEach(call -> had.forget(call.hold()));
        }
        return all;
    }

    @Override
    public void on(Meter.Use command) {
        switch (command) {
            case Asking call -> ask(call);
            case Settle settle -> settle(settle);
            case Meter.Reopen reopen -> reopen(reopen);
            case Meter.SharesMoved moved -> {
                drain();
                acks.tellPaid();
                beyond.tellPaid();
                reopened.tellPaid();
                known();
            }
            case Meter.NodesMoved moved -> nodesMoved();
            case Waited tick -> tickWaiting();
            case Meter.Heard heard -> enforcement.heard(heard);
            case Want want -> {}
        }
    }

    @Override
    public void await(Meter.Use command) {
        switch (command) {
            case Asking call -> park(call);
            case Settle settle -> {
                if (deferred.size() < MOST_DEFERRED) {
                    deferred.add(settle);
                }
            }
            case Waited tick -> tickWaiting();
            case Meter.Reopen reopen -> {} // the door repeats it
            case Meter.SharesMoved moved -> {}
            case Meter.NodesMoved moved -> enforcement.nodesMoved();
            case Meter.Heard heard -> enforcement.heard(heard);
            case Want want -> {}
        }
    }

    @Override
    public void absent(Meter.Use command) {
        switch (command) {
            case Asking call -> call.answer(new Decision.UnknownKey());
            case Settle settle -> {
                Runnable ack = ack(settle);
                if (!acks.join(settle.hold(), ack) && !settleOfDeleted(settle, ack)) {
                    ack.run();
                }
            }
            case Meter.Reopen reopen -> reopen.replyTo().tell(new Reopened(reopen.hold()));
            case Meter.Heard heard -> enforcement.heard(heard);
            case Waited tick -> tickWaiting();
            case Meter.SharesMoved moved -> acks.tellPaid();
            case Meter.NodesMoved moved -> {
                endGone();
                enforcement.nodesMoved();
            }
            case Want want -> {}
        }
    }

    @Override
    public void refuse(Meter.Use command, String reason) {
        switch (command) {
            case Asking call -> call.answer(new Decision.Unavailable(reason));
            case Settle settle -> {} // the door repeats it until somebody can read the row
            case Meter.Reopen reopen -> {}
            case Meter.Heard heard -> enforcement.heard(heard);
            case Waited tick -> {}
            case Meter.SharesMoved moved -> {}
            case Meter.NodesMoved moved -> {}
            case Want want -> {}
        }
    }

    @Override
    public void refuseWaiting(String reason) {
        leaveAll().forEach(call -> call.answer(new Decision.Unavailable(reason)));
        deferred.clear();
        known();
    }

    /** Runs of a call are answered where it is known; what nobody has answered is repeated by doors. */
    @Override
    public List<Meter.Use> handOn() {
        List<Meter.Use> all = new ArrayList<>(leaveAll());
        all.addAll(deferred);
        deferred.clear();
        return all;
    }

    // Calls.

    private void ask(Asking call) {
        long now = clock.millis();
        if (waiting.has(call)) {
            return;
        }
        if (!decide(call, now)) {
            if (park(call)) {
                purse().queue(call.ask(), now);
                life.write();
            }
        } else if (!life.isWriting() && purse().isLow(now)) {
            life.write();
        }
    }

    /** @return false when the call has to wait */
    private boolean decide(Asking call, long now) {
        if (!common.nodes().mayDecide()) {
            call.answer(new Decision.Unavailable(NO_RIGHT));
            return true;
        }
        if (now > call.notAfterEpochMillis()) {
            call.answer(new Decision.Unavailable("the call's time was up before its turn"));
            return true;
        }
        Ask ask = call.ask();
        TopUpId topUp = new TopUpId(ask.hold(), ask.topUp());
        if (ask.topUp() > 0 && beyond.join(topUp, () -> call.answer(purse().granted(ask)))) {
            return true;
        }
        Optional<Decision> decision = purse().reserve(ask, now);
        decision.ifPresent(made -> {
            Debt debt = purse().takeDebt();
            if (debt.isNone()) {
                call.answer(made);
            } else {
                beyond.add(topUp, debt, () -> call.answer(made));
                life.write();
            }
        });
        return decision.isPresent();
    }

    /** @return false when there is no room, which the call is told */
    private boolean park(Asking call) {
        boolean waits = waiting.has(call) || waiting.admit(call);
        if (waits) {
            tick();
        } else {
            call.answer(new Decision.Unavailable("too many calls of this key wait"));
        }
        return waits;
    }

    private void tickWaiting() {
        for (Asking call : waiting.late(clock.millis())) {
            if (purse != null) {
                purse.forget(call.hold());
            }
            call.answer(new Decision.Unavailable("neither the store nor an account's meter answered in time"));
        }
        if (purse != null && purse.isClaimed()) {
            drain();
        }
        if (++ticks % TICKS_TO_REPEAT == 0) {
            enforcement.again();
        }
        ticksUnknown = untilKnown.isEmpty() ? 0 : ticksUnknown + 1;
        if (ticksUnknown >= TICKS_TO_KNOW) {
            tellWhatIsKnown();
        }
        if (waiting.isEmpty() && !enforcement.isAnnouncing() && untilKnown.isEmpty()) {
            timers.cancel(Waited.TICK);
        }
    }

    private void tick() {
        if (!timers.isTimerActive(Waited.TICK)) {
            timers.startTimerWithFixedDelay(Waited.TICK, Waited.TICK, TICK);
        }
    }

    /**
     * Looks at those who wait again, from the head. Calls that run go first, as they do not queue; and as one of them may
     * take what another was waiting for, which then goes beyond or nowhere, until none is decided any more.
     */
    private void drain() {
        if (waiting.isEmpty()) {
            purse().unqueue();
            return;
        }
        long now = clock.millis();
        boolean decided;
        do {
            purse().unqueue();
            decided = waiting.sweep(call -> call.ask().topUp() > 0 && decideAgain(call, now));
        } while (decided);
        waiting.sweep(call -> call.ask().topUp() == 0 && decideAgain(call, now));
        if (!waiting.isEmpty()) {
            life.write();
        }
    }

    private boolean decideAgain(Asking call, long now) {
        boolean decided = decide(call, now);
        if (decided) {
            purse().forget(call.hold());
        } else {
            purse().queue(call.ask(), now);
        }
        return decided;
    }

    private void settle(Settle settle) {
        waiting.remove(settle.hold()).ifPresent(call -> {
            purse().forget(call.hold());
            call.answer(new Decision.Unavailable("the call was given up before its turn"));
        });
        Runnable ack = ack(settle);
        if (!acks.join(settle.hold(), ack) && !settleOfDeleted(settle, ack)) {
            long before = purse().spent();
            settle(purse(), settle)
                    .ifPresent(
                            debt -> { // or else the door repeats it
                                sayWhetherSoftBudgetIsPassed(before, purse().spent());
                                owe(settle, debt, ack);
                                if (debt.row()) {
                                    life.write();
                                }
                            });
        }
        drain();
    }

    /** False when the call is of no key of this id that was deleted. */
    private boolean settleOfDeleted(Settle settle, Runnable ack) {
        for (Purse each : deleted) {
            if (each.isOpen(settle.hold())) {
                settle(each, settle).ifPresent(debt -> owe(settle, new Debt(false, debt.marks()), ack));
                forgetDeleted();
                return true;
            }
        }
        return false;
    }

    private void forgetDeleted() {
        deleted.removeIf(each -> !each.hasOpenHolds());
    }

    private static Optional<Debt> settle(Purse of, Settle settle) {
        return of.settle(
                settle.hold(),
                settle.epoch(),
                settle.model(),
                settle.endUser(),
                settle.held(),
                settle.used(),
                settle.began());
    }

    private static Runnable ack(Settle settle) {
        return () -> settle.replyTo().tell(new Ack(settle.hold()));
    }

    private void owe(Settle settle, Debt debt, Runnable ack) {
        if (debt.isNone()) {
            ack.run();
        } else {
            acks.add(settle.hold(), debt, ack);
        }
    }

    private void reopen(Meter.Reopen reopen) {
        Runnable ack = () -> reopen.replyTo().tell(new Reopened(reopen.hold()));
        if (reopened.join(reopen.hold(), ack)) {
            return;
        }
        purse().reopen(reopen.hold(), reopen.epoch(), reopen.model(), reopen.endUser(), reopen.slots())
                .ifPresent(debt -> {
                    if (debt.isNone()) {
                        ack.run();
                    } else {
                        reopened.add(reopen.hold(), debt, ack);
                    }
                });
    }

    /** A node is gone: so are the doors that it had, and it contests nothing any more. */
    private void nodesMoved() {
        endGone();
        enforcement.nodesMoved();
        drain();
        life.write();
    }

    private void endGone() {
        if (purse != null) {
            purse.endGone();
        }
        deleted.forEach(Purse::endGone);
        forgetDeleted();
    }

    /** Once, when it is passed: it refuses nobody. */
    private void sayWhetherSoftBudgetIsPassed(long before, long after) {
        Money soft = purse().durable().settings().limits().softBudget();
        if (soft != null && before <= soft.nanoUsd() && after > soft.nanoUsd()) {
            context.getLog().warn("meter {}: its soft budget of {} dollars is passed", id, soft.toUsd());
        }
    }

    // The row.

    @Override
    public MeterState durable() {
        return purse().durable();
    }

    @Override
    public boolean countsByLedger() {
        return false;
    }

    @Override
    public void ledger(long nanoUsd) {}

    @Override
    public long spent() {
        return purse().spent();
    }

    @Override
    public Optional<MeterState> plan(UnaryOperator<MeterState> change, long now, long nonce) {
        Optional<MeterState> next = purse().plan(change, waiting.asks(), now, nonce);
        acks.planned();
        beyond.planned();
        if (next.isEmpty()) {
            paid(); // the limit that was charged is there no more
        }
        return next;
    }

    @Override
    public void written(MeterState row) {
        purse().written(row);
        paid();
    }

    private void paid() {
        acks.written();
        beyond.written();
    }

    @Override
    public void abandoned() {
        purse().abandoned();
        acks.abandoned();
        beyond.abandoned();
    }

    @Override
    public void resume() {
        endGone();
        acks.tellPaid();
        List<Settle> came = List.copyOf(deferred);
        deferred.clear();
        came.forEach(this::settle);
        drain();
    }

    @Override
    public Optional<MeterState> leaving(long nonce) {
        acks.planned();
        beyond.planned();
        return Optional.of(purse().leaving(nonce));
    }

    @Override
    public void left() {
        paid();
    }

    @Override
    public void ended() {
        deleted.forEach(Purse::giveUp);
        deleted.clear();
    }

    @Override
    public boolean isQuiet() {
        return waiting.isEmpty()
                && acks.isEmpty()
                && beyond.isEmpty()
                && reopened.isEmpty()
                && enforcement.isEmpty()
                && deleted.isEmpty()
                && (purse == null || !purse.hasOpenHolds());
    }

    @Override
    public void enforce(Meter.Admin change, MeterState row, Runnable then) {
        enforcement.enforce(change, row, then);
        if (enforcement.isAnnouncing()) {
            tick();
        }
    }

    @Override
    public void whenKnown(Runnable then) {
        if (purse().isWholeChainKnown()) {
            then.run();
        } else {
            untilKnown.add(then);
            tick();
        }
    }

    /** Whoever wanted to see the whole chain sees it, or what there is of it. */
    private void known() {
        if (!untilKnown.isEmpty() && (purse == null || purse.isWholeChainKnown())) {
            tellWhatIsKnown();
        }
    }

    private void tellWhatIsKnown() {
        List<Runnable> all = List.copyOf(untilKnown);
        untilKnown.clear();
        all.forEach(Runnable::run);
    }

    @Override
    public MeterView view(long now) {
        return purse().view(now);
    }
}
