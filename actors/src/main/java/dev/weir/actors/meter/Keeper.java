package dev.weir.actors.meter;

import dev.weir.actors.Wire;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import java.time.Duration;
import java.time.InstantSource;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * The actor of a node that the meters of accounts, and of keys that are new or rotated, talk to: what it hears goes into
 * {@link Shares} and {@link KeyDirectory}.
 */
public final class Keeper {

    /** What a keeper understands. */
    public sealed interface Command permits Allotted, Changed, Deleted, Made, Rotated, Report, GiveBack, Tick {}

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

    /** An account was deleted. */
    public record Deleted(AccountId account, long number, ActorRef<Meter.Command> replyTo) implements Command, Wire {}

    /** There is a key. */
    public record Made(String key, long number, ActorRef<Meter.Command> replyTo) implements Command, Wire {}

    /** A key has another secret. */
    public record Rotated(String hash, String key, long number, ActorRef<Meter.Command> replyTo)
            implements Command, Wire {}

    /** Somebody wants to know how an account stands. */
    public record Report(AccountId account, long number, ActorRef<Meter.Command> replyTo) implements Command, Wire {}

    /** The node leaves: whatever is not in use goes back; answered when it has arrived. */
    public record GiveBack(ActorRef<Done> replyTo) implements Command {}

    private enum Tick implements Command {
        RESEND,
        TIDY
    }

    private static final Duration TICK = Duration.ofMillis(100);

    private final Shares shares;
    private final KeyDirectory keys;
    private final InstantSource clock;
    private final ActorRef<Command> self;
    private @Nullable ActorRef<Done> leaving;

    private Keeper(Shares shares, KeyDirectory keys, InstantSource clock, ActorRef<Command> self) {
        this.shares = shares;
        this.keys = keys;
        this.clock = clock;
        this.self = self;
    }

    /** @param idle after how long unused an account's share is let go */
    public static Behavior<Command> create(Shares shares, KeyDirectory keys, InstantSource clock, Duration idle) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            shares.keeper(context.getSelf());
            timers.startTimerWithFixedDelay(Tick.RESEND, TICK);
            timers.startTimerWithFixedDelay(Tick.TIDY, idle);
            Keeper keeper = new Keeper(shares, keys, clock, context.getSelf());
            return Behaviors.receiveMessage(command -> {
                keeper.on(command);
                return Behaviors.same();
            });
        }));
    }

    private void on(Command command) {
        long now = clock.millis();
        switch (command) {
            case Allotted answer -> shares.told(answer, now);
            case Changed changed -> heard(changed.replyTo(), changed.number(), shares.changed(changed, now));
            case Deleted deleted -> {
                shares.deleted(deleted.account());
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
            case GiveBack giveBack -> {
                shares.giveBack(now);
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
        by.tell(new Meter.Heard(self, number, holds));
    }
}
