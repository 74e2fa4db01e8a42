package dev.weir.actors.meter;

import dev.weir.actors.Wire;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * The actor of a node that the meters of accounts, and of keys that are new or rotated, talk to: what it hears goes into
 * {@link Shares} and {@link KeyDirectory}.
 */
public final class Keeper {

    /** What a keeper understands. */
    public sealed interface Command
            permits Allotted, Changed, Deleted, Made, Rotated, Report, Recall, Has, Forward, Known, GiveBack, Tick {}

    /**
     * An account was made or changed: what is not in use of it goes back.
     *
     * @param number to be named in the {@link Meter.Heard}
     */
    public record Changed(
            AccountId account,
            long number,
            long born,
            long version,
            AccountSettings settings,
            ActorRef<Meter.Command> replyTo)
            implements Command, Wire {}

    /** An account was deleted. Of one that has been made again since it says nothing. */
    public record Deleted(AccountId account, long number, long born, ActorRef<Meter.Command> replyTo)
            implements Command, Wire {}

    /** There is a key. */
    public record Made(String key, long number, ActorRef<Meter.Command> replyTo) implements Command, Wire {}

    /** A key has another secret. */
    public record Rotated(String hash, String key, long number, ActorRef<Meter.Command> replyTo)
            implements Command, Wire {}

    /** Somebody wants to know how an account stands. */
    public record Report(AccountId account, long number, ActorRef<Meter.Command> replyTo) implements Command, Wire {}

    /** Another node needs more of these limits than there is: what is not in use of them goes back. */
    public record Recall(AccountId account, List<LimitId> limits, long number, ActorRef<Meter.Command> replyTo)
            implements Command, Wire {
        public Recall {
            limits = List.copyOf(limits);
        }
    }

    /** Somebody else is about to take over a meter that this node had. */
    public record Has(String meter, ActorRef<Meter.Command> replyTo) implements Command, Wire {}

    /** The last word of a node that leaves and cannot reach the meter itself any more. */
    public record Forward(Want want) implements Command, Wire {}

    /** The store's lists of keys and accounts have been read; what was heard meanwhile comes after them. */
    public record Known(Runnable lists) implements Command {}

    /**
     * The node leaves: whatever is not in use goes back; answered when it has arrived.
     *
     * @param by way of whom, where the meters cannot be reached any more; null where they can
     */
    public record GiveBack(@Nullable ActorRef<Command> by, ActorRef<Done> replyTo) implements Command {}

    private enum Tick implements Command {
        RESEND,
        TIDY
    }

    private static final Duration TICK = Duration.ofMillis(100);

    private final Shares shares;
    private final KeyDirectory keys;
    private final LocalMeters here;
    private final InstantSource clock;
    private final List<Command> early = new ArrayList<>();
    private boolean known;
    private @Nullable ActorRef<Done> leaving;

    private Keeper(Shares shares, KeyDirectory keys, LocalMeters here, InstantSource clock) {
        this.shares = shares;
        this.keys = keys;
        this.here = here;
        this.clock = clock;
    }

    /** @param idle after how long unused an account's share is let go */
    public static Behavior<Command> create(
            Shares shares, KeyDirectory keys, LocalMeters here, InstantSource clock, Duration idle) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            shares.keeper(context.getSelf());
            timers.startTimerWithFixedDelay(Tick.RESEND, TICK);
            timers.startTimerWithFixedDelay(Tick.TIDY, idle);
            Keeper keeper = new Keeper(shares, keys, here, clock);
            Behavior<Command> receiving = Behaviors.receiveMessage(command -> {
                keeper.receive(command);
                return Behaviors.same();
            });
            // Without it no change of an account would be acknowledged anywhere: a message that is at fault is left
            // out.
            return Behaviors.supervise(receiving).onFailure(SupervisorStrategy.resume());
        }));
    }

    /** What others announce changes the lists, and has to find them. */
    private void receive(Command command) {
        boolean announced = command instanceof Changed
                || command instanceof Deleted
                || command instanceof Made
                || command instanceof Rotated;
        if (command instanceof Known read) {
            read.lists().run();
            known = true;
            early.forEach(this::on);
            early.clear();
        } else if (announced && !known) {
            early.add(command);
        } else {
            on(command);
        }
    }

    private void on(Command command) {
        long now = clock.millis();
        switch (command) {
            case Allotted answer -> shares.told(answer, now);
            case Changed changed -> heard(changed.replyTo(), changed.number(), shares.changed(changed, now));
            case Deleted deleted -> {
                shares.deleted(deleted.account(), deleted.born());
                heard(deleted.replyTo(), deleted.number(), null);
            }
            case Made made -> {
                keys.exists(made.key());
                heard(made.replyTo(), made.number(), null);
            }
            case Rotated rotated -> {
                keys.leads(rotated.hash(), rotated.key());
                heard(rotated.replyTo(), rotated.number(), null);
            }
            case Report report -> heard(report.replyTo(), report.number(), shares.report(report.account(), now));
            case Recall recall ->
                heard(recall.replyTo(), recall.number(), shares.recall(recall.account(), recall.limits(), now));
            case Has has -> has.replyTo().tell(new Meter.Owned(shares.node(), here.has(has.meter())));
            case Forward forward -> shares.forward(forward.want());
            case Known read -> throw new IllegalStateException("read twice");
            case GiveBack giveBack -> {
                shares.giveBack(giveBack.by(), now);
                leaving = giveBack.replyTo();
            }
            case Tick tick -> {
                if (tick == Tick.RESEND) {
                    shares.tick(now);
                } else {
                    shares.tidy(now);
                }
            }
        }
        if (leaving != null && shares.isQuiet()) {
            leaving.tell(Done.getInstance());
            leaving = null;
        }
    }

    private void heard(ActorRef<Meter.Command> by, long number, @Nullable Want holds) {
        by.tell(new Meter.Heard(shares.node(), number, holds));
    }
}
