package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Command;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * What the meter of an account does: it gives nodes slices of its limits, each of them durable before it is theirs. Before it
 * says no to one of them, it asks the others for what they do not use. An operator's change is in force when every node has
 * heard of it and has given back what it did not use.
 */
final class AccountDuty implements Duty {

    /** Time goes on for what waits for an answer. */
    private static final Duration TICK = Duration.ofMillis(100);

    private static final int TICKS_TO_REPEAT = 3;

    /** Longer than this nobody waits for what others do not use. */
    private static final int TICKS_TO_RECALL = 2;

    private final AccountId id;
    private final Life life;
    private final MeterSettings common;
    private final InstantSource clock;
    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Announcements announcements;
    private final Recalls recalls;
    private final List<Want> early = new ArrayList<>();
    private final Map<Long, Want> reported = new HashMap<>();
    private @Nullable AccountBook book;
    private long ledgerNanoUsd;
    private int ticks;

    AccountDuty(
            AccountId id,
            Life life,
            MeterSettings common,
            InstantSource clock,
            ActorContext<Command> context,
            TimerScheduler<Command> timers) {
        this.id = id;
        this.life = life;
        this.common = common;
        this.clock = clock;
        this.context = context;
        this.timers = timers;
        this.announcements = new Announcements(common.nodes());
        this.recalls = new Recalls(common.nodes());
    }

    private AccountBook book() {
        if (book == null) {
            throw new IllegalStateException("meter " + id + ": no row");
        }
        return book;
    }

    @Override
    public void take(MeterState row, long former, long ledger) {
        ledgerNanoUsd = ledger - row.spentBefore();
        book = new AccountBook(id, row, common);
        early.forEach(book::want);
        early.clear();
    }

    @Override
    public boolean countsByLedger() {
        return true;
    }

    @Override
    public void ledger(long nanoUsd) {
        ledgerNanoUsd = nanoUsd - book().durable().spentBefore();
    }

    @Override
    public void takeCreated(MeterState row) {
        book = AccountBook.ofCreated(id, row, common);
        early.forEach(book::want);
        early.clear();
    }

    @Override
    public void drop() {
        List<Want> all = leaveAll();
        book = null;
        all.forEach(this::absent);
    }

    /** Everybody who waits. */
    private List<Want> leaveAll() {
        List<Want> all = new ArrayList<>(early);
        early.clear();
        if (book != null) {
            all.addAll(book.clear());
        }
        all.addAll(recalls.clear());
        return all;
    }

    @Override
    public List<Meter.Use> handOn() {
        return List.copyOf(leaveAll());
    }

    @Override
    public void on(Meter.Use command) {
        switch (command) {
            case Want want -> {
                if (!common.nodes().mayDecide()) {
                    refuse(want, NO_RIGHT);
                } else if (!recall(want)) {
                    book().want(want);
                    life.write();
                }
            }
            case Meter.Heard heard -> {
                Want holds = heard.holds();
                if (holds != null) {
                    book().want(holds);
                }
                announcements.heard(heard);
                life.write();
            }
            case Meter.NodesMoved moved -> {
                announcements.again();
                life.write();
            }
            case Meter.Waited tick -> waited();
            case Meter.Asking call -> absent(call);
            case Meter.Settle settle -> absent(settle);
            case Meter.Reopen reopen -> absent(reopen);
            case Meter.SharesMoved moved -> {}
        }
    }

    /** @return true when what the node wants has to wait until others have said what they do not use */
    private boolean recall(Want want) {
        long now = clock.millis();
        List<LimitId> scarce = book().scarce(want, now);
        if (scarce.isEmpty()) {
            return false;
        }
        if (recalls.isWaiting(want)) {
            return true;
        }
        Map<Long, ActorRef<Keeper.Command>> from = recalls.from(want.node(), scarce, book(), now);
        if (from.isEmpty()) {
            return false;
        }
        recalls.begin(want, from.keySet(), now);
        announcements.tell(
                from,
                number -> new Keeper.Recall(id, scarce, number, context.getSelf()),
                heard -> recalled(want.node()));
        tick();
        return true;
    }

    private void recalled(long node) {
        Want want = recalls.end(node);
        if (want != null && book != null) {
            book.want(want);
            life.write();
        }
    }

    private void waited() {
        recalls.tick(TICKS_TO_RECALL).forEach(this::recalled);
        if (++ticks % TICKS_TO_REPEAT == 0) {
            announcements.again();
        }
        if (announcements.isEmpty() && recalls.isEmpty()) {
            timers.cancel(Meter.Waited.TICK);
        }
    }

    private void tick() {
        if (!timers.isTimerActive(Meter.Waited.TICK)) {
            timers.startTimerWithFixedDelay(Meter.Waited.TICK, Meter.Waited.TICK, TICK);
        }
    }

    @Override
    public void await(Meter.Use command) {
        switch (command) {
            case Want want -> early.add(want);
            case Meter.Heard heard -> announcements.heard(heard);
            case Meter.Asking call -> absent(call);
            case Meter.Settle settle -> absent(settle);
            case Meter.Reopen reopen -> absent(reopen);
            case Meter.SharesMoved moved -> {}
            case Meter.NodesMoved moved -> announcements.again();
            case Meter.Waited tick -> waited();
        }
    }

    @Override
    public void absent(Meter.Use command) {
        switch (command) {
            case Want want -> absent(want);
            case Meter.Heard heard -> announcements.heard(heard);
            case Meter.Asking call -> call.answer(new Decision.UnknownKey());
            case Meter.Settle settle -> settle.replyTo().tell(new Ack(settle.hold()));
            case Meter.Reopen reopen -> reopen.replyTo().tell(new Reopened(reopen.hold()));
            case Meter.SharesMoved moved -> {}
            case Meter.NodesMoved moved -> announcements.again();
            case Meter.Waited tick -> waited();
        }
    }

    /** A group of end users is made by whoever needs it first. */
    private void absent(Want want) {
        EndUserPolicy policy = want.policy();
        if (policy == null) {
            want.replyTo().tell(new Allotted(id, want.sequence(), new Allotted.Absent()));
            return;
        }
        if (early.isEmpty()) {
            context.getSelf()
                    .tell(new Meter.Create(
                            policy.settings(), context.getSystem().ignoreRef()));
        }
        early.add(want);
    }

    @Override
    public void refuse(Meter.Use command, String reason) {
        switch (command) {
            case Want want -> want.replyTo().tell(new Allotted(id, want.sequence(), new Allotted.Unavailable(reason)));
            case Meter.Heard heard -> announcements.heard(heard);
            case Meter.Asking call -> call.answer(new Decision.Unavailable(reason));
            case Meter.Settle settle -> {}
            case Meter.Reopen reopen -> {}
            case Meter.SharesMoved moved -> {}
            case Meter.NodesMoved moved -> {}
            case Meter.Waited tick -> {}
        }
    }

    @Override
    public void refuseWaiting(String reason) {
        leaveAll().forEach(want -> refuse(want, reason));
    }

    @Override
    public MeterState durable() {
        return book().durable();
    }

    @Override
    public long spent() {
        return ledgerNanoUsd;
    }

    @Override
    public Optional<MeterState> plan(UnaryOperator<MeterState> change, long now, long nonce) {
        Optional<MeterState> next = book().plan(change, now, nonce);
        if (next.isEmpty()) {
            answer();
        }
        return next;
    }

    private void answer() {
        book().answers().forEach(answer -> answer.to().replyTo().tell(answer.allotted()));
    }

    @Override
    public void written(MeterState row) {
        book().written(row);
        if (row.tombstone()) {
            return;
        }
        answer();
    }

    @Override
    public void abandoned() {
        book().abandoned();
    }

    @Override
    public void resume() {}

    @Override
    public Optional<MeterState> leaving(long nonce) {
        return Optional.of(book().leaving(nonce));
    }

    @Override
    public void left() {}

    @Override
    public void ended() {}

    @Override
    public boolean isQuiet() {
        return early.isEmpty() && announcements.isEmpty() && recalls.isEmpty() && (book == null || book.isQuiet());
    }

    @Override
    public void enforce(Meter.Admin change, MeterState row, Runnable then) {
        if (id.kind() == AccountId.Kind.END_USERS) {
            then.run();
            return;
        }
        announcements.announce(
                number -> row.tombstone()
                        ? new Keeper.Deleted(id, number, row.born(), context.getSelf())
                        : new Keeper.Changed(
                                id,
                                number,
                                row.born(),
                                row.version(),
                                ((AccountSettings) row.settings()).forCalls(),
                                context.getSelf()),
                heard -> then.run());
        tick();
    }

    @Override
    public void whenKnown(Runnable then) {
        announcements.announce(number -> new Keeper.Report(id, number, context.getSelf()), heard -> {
            reported.clear();
            heard.forEach(want -> reported.put(want.node(), want));
            then.run();
        });
        tick();
    }

    @Override
    public MeterView view(long now) {
        MeterState row = book().durable();
        Map<LimitId, LimitRule> rules = new HashMap<>();
        LimitRule.of(row.settings()).forEach(rule -> rules.put(rule.id(), rule));
        List<Standing> standings = new ArrayList<>();
        for (LimitState limit : row.limits()) {
            LimitRule rule = rules.get(limit.id());
            if (rule != null) {
                standings.add(standing(limit, rule, now));
            }
        }
        return new MeterView(row.id(), row.settings(), row.version(), ledgerNanoUsd, 0, 0, standings);
    }

    /** What a node has and does not use is remaining; what it has not reported counts as used. */
    private Standing standing(LimitState limit, LimitRule rule, long now) {
        boolean open = limit.isOpen(now);
        long unused = 0;
        for (Want want : reported.values()) {
            for (Want.Line line : want.lines()) {
                if (line.id().equals(limit.id())
                        && line.gen() == limit.gen()
                        && want.born() == book().durable().born()) {
                    unused +=
                            Math.max(0, limit.of(LimitState.holder(want.node())).piece() - line.used());
                }
            }
        }
        return new Standing(
                Share.scope(id.kind()),
                id.name(),
                limit.id(),
                rule.cap(now),
                open
                        ? Math.max(0, limit.committed() - unused)
                        : limit.rolled(rule, now, common.zone()).carried(),
                0,
                open && limit.end() != LimitRule.NEVER ? Instant.ofEpochMilli(limit.end()) : null);
    }
}
