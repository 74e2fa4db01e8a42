package dev.weir.actors.meter;

import dev.weir.actors.meter.Meter.Command;
import dev.weir.actors.meter.Meter.LoadAgain;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** The host that a meter's row names: it may be at work on the row still. */
final class FormerOwner {

    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final int ASKED_TO_SAY_SO = 6;

    private final String id;
    private final MeterSettings common;
    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private int asked;

    FormerOwner(String id, MeterSettings common, ActorContext<Command> context, TimerScheduler<Command> timers) {
        this.id = id;
        this.common = common;
        this.context = context;
        this.timers = timers;
    }

    /**
     * The host of a row that was not left by itself may be at work. A member of the cluster is asked, and keeps what it has; one
     * that is no member is shut out, and cannot write this row any more.
     *
     * @return false when it is asked: it answers with {@link Meter.Owned}, or the row is to be read again
     */
    boolean hasLeft(MeterState row) {
        long host = row.host();
        Nodes nodes = common.nodes();
        if (row.clean() || host == common.host() || nodes.isGone(host)) {
            return true;
        }
        ActorRef<Keeper.Command> keeper = nodes.keepers().get(host);
        if (!nodes.isMember(host) || keeper == null) {
            nodes.fence(host);
            return true;
        }
        if (++asked == ASKED_TO_SAY_SO) {
            context.getLog()
                    .warn(
                            "meter {}: node {} has not left it, and has it still or does not answer; asked again",
                            id,
                            host);
        }
        keeper.tell(new Keeper.Has(id, context.getSelf()));
        timers.startSingleTimer(LoadAgain.NOW, LoadAgain.NOW, PAUSE);
        return false;
    }

    /** Who has to be released before its calls are over. This node's own may run on, where it did not leave the meter itself. */
    long toRelease(MeterState row) {
        return row.host() == common.host() && !row.clean() ? nobody() : row.host();
    }

    /** No host that ever was. */
    static long nobody() {
        return -1 - ThreadLocalRandom.current().nextLong(Long.MAX_VALUE);
    }
}
