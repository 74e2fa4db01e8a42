package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Admin;
import dev.weir.actors.meter.Meter.Change;
import dev.weir.actors.meter.Meter.Command;
import dev.weir.actors.meter.Meter.Create;
import dev.weir.actors.meter.Meter.Inspect;
import dev.weir.actors.meter.Meter.LedgerRead;
import dev.weir.actors.meter.Meter.LedgerUnknown;
import dev.weir.actors.meter.Meter.LoadAgain;
import dev.weir.actors.meter.Meter.OfWrite;
import dev.weir.actors.meter.Meter.RowLoaded;
import dev.weir.actors.meter.Meter.RowUnknown;
import dev.weir.actors.meter.Meter.Stop;
import dev.weir.actors.meter.Meter.StoreEvent;
import dev.weir.actors.meter.Meter.Tick;
import dev.weir.actors.meter.Meter.Use;
import dev.weir.actors.meter.MeterStore.Loaded;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * The life of a {@link Meter}: it loads its row, claims it, keeps it while it is used, takes operators' changes of it, and
 * leaves it exact. At most one write is in flight; commands go on meanwhile. What it does for calls and for nodes is its
 * {@link Duty}. Its states are methods: {@code opening}, {@code live}, {@code absent}, {@code unreadable}, {@code
 * leaving}.
 */
final class MeterBehavior implements Duty.Life {

    private static final Duration UNREADABLE_PAUSE = Duration.ofSeconds(5);
    private static final Duration LOAD_PAUSE = Duration.ofMillis(200);
    private static final Duration ABSENT_PAUSE = Duration.ofSeconds(1);
    private static final int MOST_DEFERRED = 1000;
    private static final String UNREADABLE = "its row is unreadable";
    private static final String MOVING = "the meter is moving";

    private final String id;
    private final MeterStore store;
    private final MeterSettings common;
    private final InstantSource clock;
    private final Meter.Placement placement;
    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Duty duty;
    private final RowWriter writer;
    private final FormerOwner owner;

    private final Deque<Admin> deferred = new ArrayDeque<>();
    private final Changes changes = new Changes();
    private final Made made = new Made();
    private Loaded row = new Loaded.Absent();
    private boolean has;
    private boolean claimed;
    private boolean busy;
    private boolean leaving;

    MeterBehavior(
            String id,
            MeterStore store,
            MeterSettings common,
            InstantSource clock,
            Meter.Placement placement,
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Function<Duty.Life, Duty> duty) {
        this.id = id;
        this.store = store;
        this.common = common;
        this.clock = clock;
        this.placement = placement;
        this.context = context;
        this.timers = timers;
        this.writer = new RowWriter(id, store, context, timers);
        this.owner = new FormerOwner(id, common, context, timers);
        this.duty = duty.apply(this);
    }

    /** A state; however the meter ends in it, the node knows that it is not here any more. */
    private Behavior<Command> in(Function<Command, Behavior<Command>> state) {
        return Behaviors.receive((here, command) -> state.apply(command), (here, signal) -> {
            if (signal instanceof PostStop) {
                duty.ended();
                common.nodes().here().closed(id, context.getSelf());
            }
            return Behaviors.same();
        });
    }

    // opening: the row is being read, claimed or created; nobody is answered yet

    Behavior<Command> open() {
        common.nodes().here().opened(id, context.getSelf());
        return load();
    }

    private Behavior<Command> load() {
        context.pipeToSelf(
                store.load(id), (loaded, failure) -> failure == null ? new RowLoaded(loaded) : unknown(failure));
        return in(this::opening);
    }

    private static RowUnknown unknown(Throwable failure) {
        return new RowUnknown(String.valueOf(failure.getMessage()));
    }

    private Behavior<Command> opening(Command command) {
        switch (command) {
            case Use use -> duty.await(use);
            case Admin admin -> defer(admin);
            case Stop stop -> {
                if (has || writer.isBusy()) {
                    return leave();
                }
                forwardWaiting();
                return Behaviors.stopped();
            }
            case Tick tick -> {}
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    private void defer(Admin admin) {
        if (deferred.size() < MOST_DEFERRED) {
            deferred.add(admin);
        } else {
            admin.replyTo().tell(new AdminReply.Unavailable("too many changes of this meter wait for the store"));
        }
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
                yield owner.hasLeft(present.state())
                        ? take(present, owner.toRelease(present.state()))
                        : in(this::opening);
            }
        };
    }

    private Behavior<Command> take(Loaded.Present present, long former) {
        duty.take(present.state(), former, present.ledgerNanoUsd());
        has = true;
        if (present.state().request() != 0) {
            made.answered(present.state().request());
        }
        write();
        return in(this::opening);
    }

    private Behavior<Command> onOwned(Meter.Owned owned) {
        boolean isWaiting = !has && !writer.isBusy() && timers.isTimerActive(LoadAgain.NOW);
        if (!isWaiting
                || owned.has()
                || !(row instanceof Loaded.Present present)
                || present.state().host() != owned.host()) {
            return Behaviors.same(); // the row is read again soon
        }
        timers.cancel(LoadAgain.NOW);
        return take(present, FormerOwner.nobody()); // its last write was lost
    }

    // absent: there is no such meter; the row, if there is one, is a tombstone

    private Behavior<Command> absent() {
        duty.drop();
        has = false;
        claimed = false;
        deferred.addAll(changes.clear());
        timers.cancel(LoadAgain.NOW);
        timers.startSingleTimer(Tick.IDLE, Tick.IDLE, ABSENT_PAUSE);
        List<Admin> came = List.copyOf(deferred);
        deferred.clear();
        for (Admin admin : came) {
            if (!writer.isBusy()) {
                absent(admin);
            } else {
                defer(admin);
            }
        }
        return in(!writer.isBusy() ? this::absent : this::opening);
    }

    private Behavior<Command> absent(Command command) {
        switch (command) {
            case Use use -> {
                if (common.nodes().mayDecide()) {
                    duty.absent(use);
                } else {
                    duty.refuse(use, Duty.NO_RIGHT);
                }
            }
            case Admin admin -> {
                if (!common.nodes().mayDecide()) {
                    admin.replyTo().tell(new AdminReply.Unavailable(Duty.NO_RIGHT));
                    return Behaviors.same();
                }
                if (admin instanceof Change change
                        && made.has(change.request())
                        && !made.isAnswered(change.request())) {
                    return Behaviors.same(); // its answer is on its way
                }
                if (admin instanceof Create create) {
                    create(create);
                    return in(this::opening);
                }
                if (row instanceof Loaded.Present present
                        && admin instanceof Meter.Delete delete
                        && present.state().request() == delete.request()) {
                    acknowledge(delete, present.state(), new AdminReply.Done(MeterView.of(present.state())));
                } else {
                    admin.replyTo().tell(new AdminReply.NoSuchKey());
                }
            }
            case Stop stop -> {
                return Behaviors.stopped();
            }
            case Tick tick -> {
                if (duty.isQuiet()) {
                    placement.retire(context.getSelf());
                } else {
                    timers.startSingleTimer(Tick.IDLE, Tick.IDLE, ABSENT_PAUSE);
                }
            }
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    private void create(Create create) {
        long now = clock.millis();
        MeterState first = row instanceof Loaded.Present present
                ? present.state()
                        .recreated(create.settings(), create.hash(), common.host(), now, present.ledgerNanoUsd())
                : MeterState.created(id, create.settings(), common.host(), now);
        timers.cancel(Tick.IDLE);
        writer.write(new RowWriter.Writing(first.by(create.request()).next(nonce()), create, false));
    }

    // unreadable: never taken for empty, never written

    private Behavior<Command> unreadable(Loaded.Unreadable broken) {
        context.getLog().error("meter {}: its row cannot be read and is left as it is: {}", id, broken.reason());
        refuseWaiting(UNREADABLE);
        timers.startSingleTimer(Tick.IDLE, Tick.IDLE, UNREADABLE_PAUSE);
        return in(this::unreadable);
    }

    private Behavior<Command> unreadable(Command command) {
        switch (command) {
            case Use use -> duty.refuse(use, UNREADABLE);
            case Admin admin -> admin.replyTo().tell(new AdminReply.Unavailable(UNREADABLE));
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
        duty.resume();
        List<Admin> came = List.copyOf(deferred);
        deferred.clear();
        came.forEach(this::administer);
        write();
        return in(this::live);
    }

    private Behavior<Command> live(Command command) {
        switch (command) {
            case Use use -> {
                busy = true;
                duty.on(use);
            }
            case Admin admin -> {
                busy = true;
                administer(admin);
            }
            case Stop stop -> {
                return leave();
            }
            case Tick tick -> retireIfIdle();
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    private void administer(Admin admin) {
        if (!common.nodes().mayDecide()) {
            admin.replyTo()
                    .tell(new AdminReply.Unavailable(Duty.NO_RIGHT)); // another owner may have been told otherwise
            return;
        }
        switch (admin) {
            case Inspect inspect -> duty.whenKnown(() -> inspect.replyTo().tell(done()));
            case Change change -> {
                if (!made.has(change.request())) {
                    make(change);
                } else if (made.isAnswered(change.request())) {
                    acknowledge(change);
                }
            }
        }
    }

    private void make(Change change) {
        if (change instanceof Create create) {
            // Its creator may have ended before everybody had heard of it.
            duty.enforce(create, duty.durable(), () -> create.replyTo().tell(new AdminReply.AlreadyExists()));
        } else if (change instanceof Meter.Update update && duty.countsByLedger()) {
            readLedger(update);
        } else {
            change(change);
        }
    }

    /** Also of one that was made before: whoever made it may have ended before everybody had heard of it. */
    private void acknowledge(Change change) {
        acknowledge(change, duty.durable(), done());
    }

    private void acknowledge(Change change, MeterState row, AdminReply reply) {
        made.made(change.request());
        duty.enforce(change, row, () -> {
            made.answered(change.request());
            change.replyTo().tell(reply);
        });
    }

    private void readLedger(Meter.Update update) {
        context.pipeToSelf(
                store.load(id),
                (loaded, failure) -> failure == null
                        ? new LedgerRead(update, loaded)
                        : new LedgerUnknown(update, String.valueOf(failure.getMessage())));
    }

    private Behavior<Command> onLedger(LedgerRead read) {
        if (!claimed || leaving) {
            read.change().replyTo().tell(new AdminReply.Unavailable(MOVING));
        } else {
            if (read.row() instanceof Loaded.Present present) {
                duty.ledger(present.ledgerNanoUsd());
            }
            change(read.change());
        }
        return Behaviors.same();
    }

    private void change(Change change) {
        long request = change.request();
        boolean isUnderWay = made.has(request) || changes.has(request) || writer.makes(request);
        if (!isUnderWay && changes.add(change)) {
            write();
        }
    }

    private AdminReply done() {
        return has ? new AdminReply.Done(duty.view(clock.millis())) : new AdminReply.NoSuchKey();
    }

    private void retireIfIdle() {
        boolean idle = !busy && !writer.isBusy() && duty.isQuiet();
        busy = false;
        if (idle) {
            placement.retire(context.getSelf());
        }
    }

    // leaving: one last write with exact figures and the open holds, then the end

    private Behavior<Command> leave() {
        leaving = true;
        forwardWaiting();
        return writer.isBusy() ? in(this::leaving) : leaveNow();
    }

    private Behavior<Command> leaveNow() {
        if (duty.durable().tombstone()) {
            return Behaviors.stopped();
        }
        Optional<MeterState> last = duty.leaving(nonce());
        if (last.isEmpty()) {
            return Behaviors.stopped();
        }
        writer.write(new RowWriter.Writing(last.get(), null, true));
        return in(this::leaving);
    }

    private Behavior<Command> leaving(Command command) {
        switch (command) {
            case Meter.Heard heard -> {}
            case Meter.NodesMoved moved -> {}
            case Meter.SharesMoved moved -> {}
            case Meter.Waited tick -> {}
            case Use use -> placement.forward(use);
            case Admin admin -> placement.forward(admin);
            case Stop stop -> {}
            case Tick tick -> {}
            case StoreEvent event -> {
                return onStore(event);
            }
        }
        return Behaviors.same();
    }

    /** Whoever waits, waits for the meter that is there next. */
    private void forwardWaiting() {
        duty.handOn().forEach(placement::forward);
        deferred.forEach(placement::forward);
        deferred.clear();
        changes.clear().forEach(placement::forward);
    }

    private void refuseWaiting(String reason) {
        duty.refuseWaiting(reason);
        deferred.forEach(admin -> admin.replyTo().tell(new AdminReply.Unavailable(reason)));
        deferred.clear();
        changes.refuse(reason);
    }

    private Behavior<Command> stopped(String reason) {
        refuseWaiting(reason);
        return Behaviors.stopped();
    }

    // the store

    @Override
    public boolean isWriting() {
        return writer.isBusy();
    }

    /** Writes what there is to write, unless a write is in flight: then its end comes back here. */
    @Override
    public void write() {
        while (!writer.isBusy() && has && !leaving) {
            Change change = changes.poll();
            Optional<UnaryOperator<MeterState>> how = change == null
                    ? Optional.of(s -> s)
                    : Changes.of(change, duty.durable(), duty.spent(), clock.millis(), common.zone());
            if (how.isPresent()) {
                Optional<MeterState> next = duty.plan(how.get(), clock.millis(), nonce());
                if (next.isPresent()) {
                    writer.write(new RowWriter.Writing(next.get(), change, false));
                } else if (change != null) {
                    acknowledge(change); // nothing is to be written
                }
            }
            if (change == null) {
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
            case Meter.Owned owned -> onOwned(owned);
            case LedgerRead read -> onLedger(read);
            case LedgerUnknown unknown -> {
                unknown.change().replyTo().tell(new AdminReply.Unavailable(unknown.why()));
                yield Behaviors.same();
            }
            case OfWrite of ->
                switch (writer.on(of.event())) {
                    case OPEN -> Behaviors.same();
                    case WRITTEN -> written();
                    case ALIAS_TAKEN ->
                        refused(new AdminReply.AliasTaken(String.valueOf(
                                writer.inFlight().next().settings().alias())));
                    case REFUSED -> refused(new AdminReply.NotStorable());
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
        if (lost.change() != null) {
            lost.change().replyTo().tell(new AdminReply.Unavailable("the meter has another owner"));
        }
        return stopped("the meter has another owner");
    }

    private Behavior<Command> written() {
        RowWriter.Writing done = writer.done();
        if (done.last()) {
            duty.left();
            return Behaviors.stopped();
        }
        boolean opens = !claimed;
        if (has) {
            duty.written(done.next());
        } else {
            duty.takeCreated(done.next());
            has = true;
        }
        claimed = true;
        if (done.change() != null) {
            acknowledge(done.change());
        }
        return after(opens, done.next());
    }

    private Behavior<Command> after(boolean opens, MeterState durable) {
        if (leaving) {
            return leaveNow();
        }
        if (durable.tombstone()) {
            long spent = durable.spentBefore() + durable.spentNanoUsd();
            row = new Loaded.Present(durable, spent);
            return absent();
        }
        if (opens) {
            return live();
        }
        duty.resume();
        write();
        return Behaviors.same();
    }

    /** The row stays as it was. */
    private Behavior<Command> refused(AdminReply why) {
        Change change = writer.done().change();
        if (change != null) {
            change.replyTo().tell(why);
        }
        if (!has) {
            return leaving ? Behaviors.stopped() : absent();
        }
        duty.abandoned();
        return after(false, duty.durable());
    }

    private static long nonce() {
        return ThreadLocalRandom.current().nextLong();
    }
}
