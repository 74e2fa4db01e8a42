package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Admin;
import dev.weir.actors.meter.Meter.Command;
import dev.weir.actors.meter.Meter.Create;
import dev.weir.actors.meter.Meter.Delete;
import dev.weir.actors.meter.Meter.Inspect;
import dev.weir.actors.meter.Meter.LoadAgain;
import dev.weir.actors.meter.Meter.OfWrite;
import dev.weir.actors.meter.Meter.Reserve;
import dev.weir.actors.meter.Meter.RowLoaded;
import dev.weir.actors.meter.Meter.RowUnknown;
import dev.weir.actors.meter.Meter.SetBlocked;
import dev.weir.actors.meter.Meter.Settle;
import dev.weir.actors.meter.Meter.Stop;
import dev.weir.actors.meter.Meter.StoreEvent;
import dev.weir.actors.meter.Meter.Tick;
import dev.weir.actors.meter.Meter.Update;
import dev.weir.actors.meter.MeterStore.Loaded;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Meter} does. It decides in one turn, out of its {@link Purse}, and has at most one write in flight;
 * commands go on meanwhile. A call for which the purse has no room, though its limits have, waits for the next write,
 * holding nothing. Its states are methods: {@code opening}, {@code live}, {@code absent}, {@code unreadable}, {@code
 * leaving}.
 */
final class MeterBehavior {

    private static final Duration TICK = Duration.ofMillis(100);
    private static final Duration UNREADABLE_PAUSE = Duration.ofSeconds(5);
    private static final Duration LOAD_PAUSE = Duration.ofMillis(200);
    private static final Duration ABSENT_PAUSE = Duration.ofSeconds(1);
    private static final int MOST_DEFERRED = 1000;

    private final String id;
    private final MeterStore store;
    private final MeterSettings common;
    private final InstantSource clock;
    private final Consumer<ActorRef<Command>> retire;
    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;

    private final WaitingRoom waiting = new WaitingRoom();
    private final Deque<Command> deferred = new ArrayDeque<>();
    private final Changes changes = new Changes();
    private Acks unacked = new Acks();
    private @Nullable Purse purse;
    private Loaded row = new Loaded.Absent();
    private final RowWriter writer;
    private boolean busy;
    private boolean leaving;

    MeterBehavior(
            String id,
            MeterStore store,
            MeterSettings common,
            InstantSource clock,
            Consumer<ActorRef<Command>> retire,
            ActorContext<Command> context,
            TimerScheduler<Command> timers) {
        this.id = id;
        this.store = store;
        this.common = common;
        this.clock = clock;
        this.retire = retire;
        this.context = context;
        this.timers = timers;
        this.writer = new RowWriter(id, store, context, timers);
    }

    // opening: the row is being read, claimed or created; nobody is answered yet

    Behavior<Command> load() {
        context.pipeToSelf(
                store.load(id), (loaded, failure) -> failure == null ? new RowLoaded(loaded) : unknown(failure));
        return Behaviors.receiveMessage(this::opening);
    }

    private static RowUnknown unknown(Throwable failure) {
        return new RowUnknown(String.valueOf(failure.getMessage()));
    }

    private Behavior<Command> opening(Command command) {
        switch (command) {
            case Reserve call -> park(call);
            case Settle settle -> defer(settle);
            case Admin admin -> defer(admin);
            case Stop stop -> {
                return purse == null && !writer.isBusy() ? stopped("the meter is moving") : leave();
            }
            case Tick tick -> tickWaiting();
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    private void defer(Command command) {
        if (deferred.size() < MOST_DEFERRED) {
            deferred.add(command);
        } else if (command instanceof Admin admin) {
            admin.replyTo().tell(new AdminReply.Unavailable("too many changes of this key wait for the store"));
        }
    }

    /** The row is here: what came meanwhile is taken up in the state that follows from it. */
    private Behavior<Command> opened(Behavior<Command> next, Consumer<Command> handler) {
        List<Command> came = List.copyOf(deferred);
        deferred.clear();
        came.forEach(handler);
        return next;
    }

    private Behavior<Command> onLoaded(Loaded loaded) {
        row = loaded;
        return switch (loaded) {
            case Loaded.Absent absent -> absent();
            case Loaded.Unreadable broken -> unreadable(broken);
            case Loaded.Present present -> {
                if (present.state().tombstone()) {
                    yield absent();
                }
                purse = new Purse(present.state(), present.ledgerNanoUsd(), common);
                write();
                yield Behaviors.receiveMessage(this::opening);
            }
        };
    }

    // absent: there is no such key; the row, if there is one, is a tombstone

    private Behavior<Command> absent() {
        purse = null;
        unacked.tell();
        unacked = new Acks();
        deferred.addAll(changes.clear());
        waiting.clear().forEach(call -> call.answer(new Decision.UnknownKey()));
        timers.cancelAll();
        timers.startSingleTimer(Tick.IDLE, Tick.IDLE, ABSENT_PAUSE);
        List<Command> came = List.copyOf(deferred);
        deferred.clear();
        for (Command command : came) {
            if (!writer.isBusy()) {
                absent(command);
            } else {
                opening(command);
            }
        }
        return Behaviors.receiveMessage(!writer.isBusy() ? this::absent : this::opening);
    }

    private Behavior<Command> absent(Command command) {
        switch (command) {
            case Reserve call -> call.answer(new Decision.UnknownKey());
            case Settle settle -> settle.replyTo().tell(new Ack(settle.hold()));
            case Admin admin -> {
                if (admin instanceof Create create) {
                    create(create);
                    return Behaviors.receiveMessage(this::opening);
                }
                admin.replyTo().tell(new AdminReply.NoSuchKey());
            }
            case Stop stop -> {
                return stopped("the meter is moving");
            }
            case Tick tick -> retire.accept(context.getSelf());
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    private void create(Create create) {
        long now = clock.millis();
        MeterState first = row instanceof Loaded.Present present
                ? present.state().recreated(create.settings(), common.host(), now, present.ledgerNanoUsd())
                : MeterState.created(id, create.settings(), common.host(), now);
        timers.cancel(Tick.IDLE);
        writer.write(new RowWriter.Writing(first.next(nonce()), create, new Acks(), false));
    }

    // unreadable: never taken for empty, never written

    private Behavior<Command> unreadable(Loaded.Unreadable broken) {
        context.getLog().error("meter {}: its row cannot be read and is left as it is: {}", id, broken.reason());
        waiting.clear().forEach(call -> call.answer(new Decision.Unavailable("the key's row is unreadable")));
        timers.startSingleTimer(Tick.IDLE, Tick.IDLE, UNREADABLE_PAUSE);
        return opened(Behaviors.receiveMessage(this::unreadable), command -> unreadable(command));
    }

    private Behavior<Command> unreadable(Command command) {
        switch (command) {
            case Reserve call -> call.answer(new Decision.Unavailable("the key's row is unreadable"));
            case Settle settle -> {} // the door repeats it until somebody can read the row
            case Admin admin -> admin.replyTo().tell(new AdminReply.Unavailable("the key's row is unreadable"));
            case Stop stop -> {
                return Behaviors.stopped();
            }
            case Tick tick -> {
                return load();
            }
            case StoreEvent event -> {}
        }
        return Behaviors.same();
    }

    // live

    private Behavior<Command> live() {
        timers.startTimerWithFixedDelay(Tick.IDLE, Tick.IDLE, common.idle());
        busy = true;
        drain();
        Behavior<Command> next = opened(Behaviors.receiveMessage(this::live), command -> live(command));
        write();
        return next;
    }

    private Behavior<Command> live(Command command) {
        switch (command) {
            case Reserve call -> reserve(call);
            case Settle settle -> settle(settle);
            case Admin admin -> administer(admin);
            case Stop stop -> {
                return leave();
            }
            case Tick tick -> {
                if (tick == Tick.WAITING) {
                    tickWaiting();
                } else {
                    retireIfIdle();
                }
            }
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    private void reserve(Reserve call) {
        busy = true;
        long now = clock.millis();
        if (!decide(call, now)) {
            park(call);
            purse().queue(call.need(), now);
            write();
        } else if (!writer.isBusy() && purse().isLow(now)) {
            write();
        }
    }

    /** @return false when the call has to wait */
    private boolean decide(Reserve call, long now) {
        if (now > call.notAfterEpochMillis()) {
            call.answer(new Decision.Unavailable("the call's time was up before its turn"));
            return true;
        }
        Optional<Decision> decision = purse().reserve(call.hold(), call.model(), call.need(), now);
        decision.ifPresent(call::answer);
        return decision.isPresent();
    }

    private void park(Reserve call) {
        if (!waiting.admit(call)) {
            call.answer(new Decision.Unavailable("too many calls of this key wait for the store"));
        } else if (!timers.isTimerActive(Tick.WAITING)) {
            timers.startTimerWithFixedDelay(Tick.WAITING, Tick.WAITING, TICK);
        }
    }

    private void tickWaiting() {
        for (Reserve call : waiting.tick()) {
            call.answer(new Decision.Unavailable("the store has not answered in time"));
        }
        if (purse != null && purse.isClaimed()) {
            drain();
        }
        if (waiting.isEmpty()) {
            timers.cancel(Tick.WAITING);
        }
    }

    /** Looks at those who wait again, whole and from the head. */
    private void drain() {
        long now = clock.millis();
        purse().unqueue();
        waiting.sweep(call -> {
            boolean decided = decide(call, now);
            if (!decided) {
                purse().queue(call.need(), now);
            }
            return decided;
        });
    }

    private void settle(Settle settle) {
        busy = true;
        waiting.remove(settle.hold())
                .ifPresent(call -> call.answer(new Decision.Unavailable("the call was given up before its turn")));
        boolean owes = purse().settle(settle.hold(), settle.epoch(), settle.held(), settle.used(), settle.began());
        if (writer.isBusy() && writer.inFlight().acks().owes(settle.hold())) {
            writer.inFlight().acks().add(settle);
        } else if (owes || unacked.owes(settle.hold())) {
            unacked.add(settle);
            write();
        } else {
            settle.replyTo().tell(new Ack(settle.hold()));
        }
        if (!waiting.isEmpty()) {
            drain();
        }
    }

    private void administer(Admin admin) {
        busy = true;
        switch (admin) {
            case Create create -> create.replyTo().tell(new AdminReply.AlreadyExists());
            case Inspect inspect -> inspect.replyTo().tell(done());
            case Update update -> change(update);
            case SetBlocked block -> change(block);
            case Delete delete -> change(delete);
        }
    }

    private void change(Admin admin) {
        if (changes.add(admin)) {
            write();
        }
    }

    private AdminReply done() {
        return new AdminReply.Done(purse().view(clock.millis()));
    }

    private void retireIfIdle() {
        boolean idle = !busy && !writer.isBusy() && waiting.isEmpty() && !purse().hasOpenHolds();
        busy = false;
        if (idle) {
            retire.accept(context.getSelf());
        }
    }

    // leaving: one last write with exact figures and the open holds, then the end

    private Behavior<Command> leave() {
        leaving = true;
        refuseWaiting("the meter is moving");
        if (!writer.isBusy()) {
            leaveNow();
        }
        return Behaviors.receiveMessage(this::leaving);
    }

    private Behavior<Command> leaveNow() {
        if (purse().durable().tombstone()) {
            return Behaviors.stopped();
        }
        writer.write(new RowWriter.Writing(purse().leaving(nonce()), null, unacked, true));
        return Behaviors.same();
    }

    private Behavior<Command> leaving(Command command) {
        switch (command) {
            case Reserve call -> call.answer(new Decision.Unavailable("the meter is moving"));
            case Settle settle -> {} // the door repeats it; the next owner has the hold
            case Admin admin -> admin.replyTo().tell(new AdminReply.Unavailable("the meter is moving"));
            case Stop stop -> {}
            case Tick tick -> {}
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    private void refuseWaiting(String reason) {
        waiting.clear().forEach(call -> call.answer(new Decision.Unavailable(reason)));
        for (Command command : deferred) {
            if (command instanceof Admin admin) {
                admin.replyTo().tell(new AdminReply.Unavailable(reason));
            }
        }
        deferred.clear();
        changes.refuse(reason);
    }

    private Behavior<Command> stopped(String reason) {
        refuseWaiting(reason);
        return Behaviors.stopped();
    }

    // the store

    /** Writes what there is to write, unless a write is in flight: then its end comes back here. */
    private void write() {
        while (!writer.isBusy() && purse != null) {
            Admin admin = changes.poll();
            Optional<UnaryOperator<MeterState>> change =
                    admin == null ? Optional.of(s -> s) : Changes.of(admin, purse, clock.millis());
            if (change.isPresent()) {
                Optional<MeterState> next = purse.plan(change.get(), waiting.needs(), clock.millis(), nonce());
                if (next.isPresent()) {
                    writer.write(new RowWriter.Writing(next.get(), admin, unacked, false));
                    unacked = new Acks();
                } else if (admin != null) {
                    admin.replyTo().tell(done());
                }
            }
            if (admin == null) {
                return;
            }
        }
    }

    private Behavior<Command> onStore(StoreEvent event) {
        return switch (event) {
            case RowLoaded loaded -> onLoaded(loaded.row());
            case RowUnknown unknown -> {
                context.getLog().warn("meter {}: its row could not be read: {}; trying again", id, unknown.why());
                timers.startSingleTimer(LoadAgain.NOW, LoadAgain.NOW, LOAD_PAUSE);
                yield Behaviors.same();
            }
            case LoadAgain again -> load();
            case OfWrite of ->
                switch (writer.on(of.event())) {
                    case OPEN -> Behaviors.same();
                    case WRITTEN -> written();
                    case ALIAS_TAKEN -> aliasTaken();
                    case FENCED -> fenced();
                };
        };
    }

    private Behavior<Command> fenced() {
        RowWriter.Writing lost = writer.done();
        context.getLog()
                .error(
                        "meter {}: revision {} is another owner's; this one stops",
                        id,
                        lost.next().rev());
        if (lost.admin() != null) {
            lost.admin().replyTo().tell(new AdminReply.Unavailable("the key has another owner"));
        }
        return stopped("the key has another owner");
    }

    private Behavior<Command> written() {
        RowWriter.Writing done = writer.done();
        if (done.last()) {
            acknowledge(done);
            return Behaviors.stopped();
        }
        boolean opens = purse == null || !purse.isClaimed();
        if (purse == null) {
            purse = Purse.ofCreated(done.next(), common);
        } else {
            purse.written(done.next());
        }
        acknowledge(done);
        return after(opens, done.next());
    }

    private void acknowledge(RowWriter.Writing done) {
        done.acks().tell();
        if (done.admin() != null) {
            done.admin().replyTo().tell(done());
        }
    }

    private Behavior<Command> after(boolean opens, MeterState durable) {
        if (leaving) {
            return leaveNow();
        }
        if (durable.tombstone()) {
            long spent = durable.spentBefore() + purse().view(clock.millis()).spentNanoUsd();
            row = new Loaded.Present(durable, spent);
            return absent();
        }
        if (opens) {
            return live();
        }
        drain();
        write();
        return Behaviors.same();
    }

    private Behavior<Command> aliasTaken() {
        RowWriter.Writing refused = writer.done();
        Admin admin = refused.admin();
        if (admin != null) {
            admin.replyTo()
                    .tell(new AdminReply.AliasTaken(
                            String.valueOf(refused.next().settings().alias())));
        }
        if (purse == null) {
            return leaving ? Behaviors.stopped() : absent();
        }
        purse.abandoned();
        unacked.addAll(refused.acks());
        return after(false, purse.durable());
    }

    private Purse purse() {
        if (purse == null) {
            throw new IllegalStateException("meter " + id + ": no row");
        }
        return purse;
    }

    private static long nonce() {
        return ThreadLocalRandom.current().nextLong();
    }
}
