package dev.weir.cluster.meters;

import dev.weir.actors.meter.Ack;
import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Answer;
import dev.weir.actors.meter.Ask;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Reopened;
import dev.weir.actors.meter.ToppedUp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node has asked of meters and has no answer to. Messages get lost where a meter moves, so all are repeated: reservations
 * and top-ups until they are given up, settlements until they are acknowledged, however long that takes, and what operators ask. A
 * meter counts each once as long as it knows the hold; what it grants once more after the end is settled as unused when the answer
 * comes.
 *
 * <p>One actor takes the answers of all calls. An ask of Pekko's would make an actor and a timer for each call, and
 * answer on the common pool: two more changes of threads.
 */
final class Correspondence {

    private static final Logger LOG = LoggerFactory.getLogger(Correspondence.class);

    /** By how much a time-out may be late. */
    static final Duration TICK = Duration.ofMillis(50);

    private static final String NAME = "weir-correspondence";
    private static final Decision NO_ANSWER = new Decision.Unavailable("the key's meter did not answer in time");
    private static final int LONGEST_PAUSE_TICKS = 40;

    /** Until a question is asked again. */
    private static final long PATIENCE_TICKS = 10;

    private record Reservation(String meter, Ask ask, Question question) {}

    /** A call that was granted, and has not ended. */
    private record Running(String meter, Ask ask, long epoch) {}

    private record TopUpId(HoldId hold, int number) {}

    /** What a meter is to answer, in time. Its numbers are the tick's. */
    private static final class Question {
        private final EntityRef<Meter.Command> meter;
        private final Meter.Command message;
        private final long lastTick;
        private final CompletableFuture<Decision> decision = new CompletableFuture<>();
        private long nextTick;
        private volatile boolean wasRepeated;

        Question(EntityRef<Meter.Command> meter, Meter.Command message, long now, long ticks) {
            this.meter = meter;
            this.message = message;
            this.lastTick = now + ticks;
            this.nextTick = now + PATIENCE_TICKS;
        }

        void ask() {
            meter.tell(message);
        }

        void askAgain(long tick) {
            if (tick >= nextTick) {
                nextTick = tick + PATIENCE_TICKS;
                wasRepeated = true;
                ask();
            }
        }
    }

    /** Its numbers are the tick's. */
    private static final class Settlement {
        private final String meter;
        private final Meter.Settle message;
        private final CompletableFuture<Done> done = new CompletableFuture<>();
        private long nextTick;
        private int pauseTicks = 1;

        /** Granted once more while it was on its way: what was granted may have come after it. */
        private Decision.@Nullable Granted again;

        Settlement(String meter, Meter.Settle message, long nextTick) {
            this.meter = meter;
            this.message = message;
            this.nextTick = nextTick;
        }
    }

    private final Function<String, EntityRef<Meter.Command>> meters;
    private final long settleTicks;
    private final Map<HoldId, Reservation> reservations = new ConcurrentHashMap<>();
    private final Map<TopUpId, Question> topUps = new ConcurrentHashMap<>();

    /** What operators ask, by whom the answer goes to. */
    private final Map<ActorRef<AdminReply>, Question> operators = new ConcurrentHashMap<>();

    private final Map<HoldId, Settlement> settlements = new ConcurrentHashMap<>();
    private final Map<HoldId, Running> running = new ConcurrentHashMap<>();

    /** Calls that their meters are being told of, by the tick at which they are told again. */
    private final Map<HoldId, Long> reopening = new ConcurrentHashMap<>();

    /** With its lock. */
    private final List<CompletableFuture<Done>> untilReopened = new ArrayList<>();

    private final ActorRef<Answer> answers;
    private volatile long now;

    /**
     * @param meters where the meter of a key is reached
     * @param settleTimeout how long one try of a settlement waits
     * @param dispatcher the meters': the answer of one that lives here changes no thread
     */
    Correspondence(
            ActorSystem<?> system,
            Function<String, EntityRef<Meter.Command>> meters,
            Duration settleTimeout,
            String dispatcher) {
        this.meters = meters;
        this.settleTicks = ticks(settleTimeout);
        DispatcherSelector where = DispatcherSelector.fromConfig(dispatcher);
        this.answers = system.systemActorOf(actor(), NAME, where);
        system.scheduler()
                .scheduleWithFixedDelay(
                        TICK, TICK, this::tick, system.dispatchers().lookup(where));
    }

    private static long ticks(Duration time) {
        return 1 + time.toMillis() / TICK.toMillis();
    }

    private Behavior<Answer> actor() {
        Behavior<Answer> receiving = Behaviors.receiveMessage(answer -> {
            switch (answer) {
                case Decided decided -> {
                    Reservation asked = reservations.remove(decided.hold());
                    if (asked == null) {
                        settleStray(decided);
                    } else {
                        if (decided.decision() instanceof Decision.Granted granted) {
                            if (asked.ask.need().slots() > 0) {
                                running.put(decided.hold(), new Running(asked.meter, asked.ask, granted.epoch()));
                            }
                        } else if (asked.question.wasRepeated) {
                            giveUp(decided.hold(), asked); // it may have been granted before
                        }
                        asked.question.decision.complete(decided.decision());
                    }
                }
                case ToppedUp toppedUp -> {
                    Question asked = topUps.remove(new TopUpId(toppedUp.hold(), toppedUp.number()));
                    if (asked != null) {
                        asked.decision.complete(toppedUp.decision());
                    }
                }
                case Reopened reopened -> reopened(reopened.hold());
                case Ack ack -> acknowledged(settlements.remove(ack.hold()));
            }
            return Behaviors.same();
        });
        return Behaviors.supervise(receiving).onFailure(SupervisorStrategy.resume());
    }

    /** A reservation that is not answered in time is settled as unused, in case it is granted later. */
    CompletionStage<Decision> reserve(String meter, Ask ask, long notAfterEpochMillis, Duration timeout) {
        Meter.Reserve message = new Meter.Reserve(
                ask.hold(), ask.hash(), ask.model(), ask.need(), ask.endUser(), notAfterEpochMillis, answers.narrow());
        Question question = new Question(meters.apply(meter), message, now, ticks(timeout));
        reservations.put(ask.hold(), new Reservation(meter, ask, question));
        question.ask();
        return question.decision;
    }

    /** What is granted too late is the hold's all the same, until it is settled. */
    CompletionStage<Decision> topUp(
            String meter,
            HoldId hold,
            long epoch,
            int number,
            String model,
            Need need,
            long notAfterEpochMillis,
            Duration timeout) {
        Running call = running.get(hold);
        @Nullable String endUser = call == null ? null : call.ask.endUser();
        Meter.TopUp message =
                new Meter.TopUp(hold, epoch, number, model, endUser, need, notAfterEpochMillis, answers.narrow());
        Question question = new Question(meters.apply(meter), message, now, ticks(timeout));
        topUps.put(new TopUpId(hold, number), question);
        question.ask();
        return question.decision;
    }

    /** What an operator asks or changes; it is said again while nobody answers. */
    CompletionStage<AdminReply> administer(
            EntityRef<Meter.Command> meter, Function<ActorRef<AdminReply>, Meter.Admin> message, Duration timeout) {
        AtomicReference<ActorRef<AdminReply>> asker = new AtomicReference<>();
        return meter.<AdminReply>ask(
                        replyTo -> {
                            Meter.Admin asked = message.apply(replyTo);
                            asker.set(replyTo);
                            operators.put(replyTo, new Question(meter, asked, now, ticks(timeout)));
                            return asked;
                        },
                        timeout)
                .exceptionally(late -> new AdminReply.Unavailable("the meter did not answer in time"))
                .whenComplete((reply, none) -> {
                    operators.remove(asker.get());
                    if (reply instanceof AdminReply.Unavailable unavailable) {
                        LOG.warn(
                                "meter {}: an operator was not answered: {}",
                                meter.getEntityId(),
                                unavailable.reason());
                    }
                });
    }

    CompletionStage<Done> settle(String meter, HoldId hold, long epoch, Need held, Need used, boolean began) {
        Running call = running.get(hold); // null of one that has not begun
        String model = call == null ? "" : call.ask.model();
        @Nullable String endUser = call == null ? null : call.ask.endUser();
        Meter.Settle message = new Meter.Settle(hold, epoch, model, endUser, held, used, began, answers.narrow());
        Settlement settlement = new Settlement(meter, message, now + settleTicks);
        Settlement before = settlements.putIfAbsent(hold, settlement);
        if (before != null) {
            return before.done;
        }
        running.remove(hold);
        reopened(hold);
        meters.apply(meter).tell(message);
        return settlement.done;
    }

    /** Granted once more: a repeated reservation was on its way for so long that the call is over, or about to be. */
    private void settleStray(Decided decided) {
        HoldId hold = decided.hold();
        if (!(decided.decision() instanceof Decision.Granted granted) || running.containsKey(hold)) {
            return;
        }
        Settlement sent = settlements.get(hold);
        if (sent == null) {
            settle(granted.meter(), hold, granted.epoch(), Need.NONE, Need.NONE, false);
        } else {
            sent.again = granted;
        }
    }

    private void acknowledged(@Nullable Settlement sent) {
        if (sent == null) {
            return;
        }
        sent.done.complete(Done.getInstance());
        Decision.Granted again = sent.again;
        if (again != null) {
            settle(again.meter(), again.hold(), again.epoch(), Need.NONE, Need.NONE, false);
        }
    }

    private void giveUp(HoldId hold, Reservation asked) {
        settle(asked.meter, hold, 0, asked.ask.need(), Need.NONE, false);
    }

    private void tick() {
        long tick = now + 1;
        now = tick;
        reservations.forEach((hold, asked) -> {
            if (tick < asked.question.lastTick) {
                asked.question.askAgain(tick);
            } else if (reservations.remove(hold, asked)) {
                giveUp(hold, asked);
                asked.question.decision.complete(NO_ANSWER);
            }
        });
        topUps.forEach((id, asked) -> {
            if (tick < asked.lastTick) {
                asked.askAgain(tick);
            } else if (topUps.remove(id, asked)) {
                asked.decision.complete(NO_ANSWER);
            }
        });
        operators.values().forEach(asked -> asked.askAgain(tick));
        reopening.forEach((hold, at) -> {
            Running call = running.get(hold);
            if (call == null) {
                reopened(hold);
            } else if (tick >= at) {
                reopen(hold, call);
                reopening.replace(hold, at, tick + settleTicks);
            }
        });
        settlements.values().forEach(sent -> {
            if (tick >= sent.nextTick) {
                meters.apply(sent.meter).tell(sent.message);
                sent.nextTick = tick + settleTicks + sent.pauseTicks;
                sent.pauseTicks = Math.min(2 * sent.pauseTicks, LONGEST_PAUSE_TICKS);
            }
        });
    }

    /** Tells their meters of all calls that run, until they know; a meter whose node is gone is at another one. */
    CompletableFuture<Done> sayRunning() {
        CompletableFuture<Done> done = new CompletableFuture<>();
        synchronized (untilReopened) {
            running.forEach((hold, call) -> {
                reopening.put(hold, now + settleTicks);
                reopen(hold, call);
            });
            untilReopened.add(done);
        }
        completeIfReopened();
        return done;
    }

    private void reopen(HoldId hold, Running call) {
        Ask ask = call.ask;
        meters.apply(call.meter)
                .tell(new Meter.Reopen(
                        hold, call.epoch, ask.model(), ask.endUser(), ask.need().slots(), answers.narrow()));
    }

    private void reopened(HoldId hold) {
        if (reopening.remove(hold) != null) {
            completeIfReopened();
        }
    }

    private void completeIfReopened() {
        List<CompletableFuture<Done>> all;
        synchronized (untilReopened) {
            if (!reopening.isEmpty()) {
                return;
            }
            all = List.copyOf(untilReopened);
            untilReopened.clear();
        }
        all.forEach(each -> each.complete(Done.getInstance()));
    }

    /** Settlements that no meter has acknowledged yet. */
    int unsettled() {
        return settlements.size();
    }

    /** Completes when those that are open now are acknowledged, or after {@code atMost}. */
    CompletionStage<Done> settled(Duration atMost) {
        CompletableFuture<?>[] all =
                settlements.values().stream().map(sent -> sent.done).toArray(CompletableFuture[]::new);
        return CompletableFuture.allOf(all)
                .thenApply(nothing -> Done.getInstance())
                .completeOnTimeout(Done.getInstance(), atMost.toMillis(), TimeUnit.MILLISECONDS);
    }
}
