package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Command;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;

/**
 * What the meter of an account does: it gives nodes slices of its limits, each of them durable before it is theirs. An
 * operator's change is in force when every node has heard of it and has given back what it did not use.
 */
final class AccountDuty implements Duty {

    private final AccountId id;
    private final Life life;
    private final MeterSettings common;
    private final ActorContext<Command> context;
    private final Announcements announcements;
    private final List<Want> early = new ArrayList<>();
    private final Map<Long, Want> reported = new HashMap<>();
    private @Nullable AccountBook book;
    private long ledgerNanoUsd;

    AccountDuty(AccountId id, Life life, MeterSettings common, Peers peers, ActorContext<Command> context) {
        this.id = id;
        this.life = life;
        this.common = common;
        this.context = context;
        this.announcements = new Announcements(peers);
    }

    private AccountBook book() {
        if (book == null) {
            throw new IllegalStateException("meter " + id + ": no row");
        }
        return book;
    }

    @Override
    public void take(MeterState row, long ledger) {
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
        List<Want> all = new ArrayList<>(early);
        early.clear();
        if (book != null) {
            all.addAll(book.clear());
        }
        all.forEach(this::absent);
        book = null;
    }

    @Override
    public void on(Meter.Use command) {
        switch (command) {
            case Want want -> {
                book().want(want);
                life.write();
            }
            case Meter.Heard heard -> {
                Want holds = heard.holds();
                if (holds != null) {
                    book().want(holds);
                }
                announcements.heard(heard);
                life.write();
            }
            case Meter.Asking call -> absent(call);
            case Meter.Settle settle -> absent(settle);
            case Meter.SharesMoved moved -> {}
            case Meter.Waited tick -> {}
        }
    }

    @Override
    public void await(Meter.Use command) {
        switch (command) {
            case Want want -> early.add(want);
            case Meter.Heard heard -> announcements.heard(heard);
            case Meter.Asking call -> absent(call);
            case Meter.Settle settle -> absent(settle);
            case Meter.SharesMoved moved -> {}
            case Meter.Waited tick -> {}
        }
    }

    @Override
    public void absent(Meter.Use command) {
        switch (command) {
            case Want want -> absent(want);
            case Meter.Heard heard -> announcements.heard(heard);
            case Meter.Asking call -> call.answer(new Decision.UnknownKey());
            case Meter.Settle settle -> settle.replyTo().tell(new Ack(settle.hold()));
            case Meter.SharesMoved moved -> {}
            case Meter.Waited tick -> {}
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
            case Meter.SharesMoved moved -> {}
            case Meter.Waited tick -> {}
        }
    }

    @Override
    public void refuseWaiting(String reason) {
        List<Want> all = new ArrayList<>(early);
        early.clear();
        if (book != null) {
            all.addAll(book.clear());
        }
        all.forEach(want -> refuse(want, reason));
    }

    @Override
    public MeterState durable() {
        return book().durable();
    }

    @Override
    public long spentOrHeld() {
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
        return Optional.empty();
    }

    @Override
    public void left() {}

    @Override
    public boolean isQuiet() {
        return early.isEmpty() && announcements.isEmpty() && book().isQuiet();
    }

    @Override
    public void enforce(Meter.Admin change, Runnable then) {
        MeterState row = book().durable();
        if (id.kind() == AccountId.Kind.END_USERS) {
            then.run();
            return;
        }
        announcements.announce(
                number -> row.tombstone()
                        ? new Keeper.Deleted(id, number, context.getSelf())
                        : new Keeper.Changed(
                                id,
                                number,
                                row.born(),
                                row.version(),
                                (AccountSettings) row.settings(),
                                context.getSelf()),
                heard -> then.run());
    }

    @Override
    public void whenKnown(Runnable then) {
        announcements.announce(number -> new Keeper.Report(id, number, context.getSelf()), heard -> {
            reported.clear();
            heard.forEach(want -> reported.put(want.node(), want));
            then.run();
        });
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
