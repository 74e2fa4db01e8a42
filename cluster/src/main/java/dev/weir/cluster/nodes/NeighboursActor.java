package dev.weir.cluster.nodes;

import dev.weir.cluster.nodes.Neighbours.Card;
import dev.weir.cluster.nodes.Neighbours.Command;
import dev.weir.cluster.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/** The actor behind {@link Neighbours}: it greets nodes, hears who is gone, and has running calls said to their meters. */
final class NeighboursActor {

    static final String NAME = "weir-neighbours";

    private static final Duration TICK = Duration.ofMillis(250);
    private static final int TICKS_TO_ASK = 4;

    /** A node that answers no greeting, and whose time is up, is left alone for so many ticks: it may be about to renew. */
    private static final int TICKS_OF_PATIENCE = 12;

    /** So long this node has to have had its right before it calls another one silent: when the store was away, all were. */
    private static final int TICKS_WITH_RIGHT = 12;

    /** So long it has to be that others may act and this node may not. */
    private static final int TICKS_TO_STEP_DOWN = 20;

    private final Neighbours neighbours;
    private final ActorContext<Command> context;
    private final Map<Long, ActorRef<Command>> refs = new HashMap<>();
    private final Map<Long, Set<Long>> releases = new HashMap<>();
    private final Map<Long, List<ActorRef<Command>>> asking = new HashMap<>();
    private final Set<Long> ended = new HashSet<>();
    private final Set<Long> said = new HashSet<>();
    private final Map<Long, Boolean> removed = new HashMap<>();
    private final Set<Long> shutting = new HashSet<>();
    private List<NodeRow> rows = List.of();
    private @Nullable Set<Long> unmet;
    private long storeMillis;
    private long readMillis;
    private int ticks;
    private int withRight;
    private int withoutRight;
    private boolean othersMay;

    private NeighboursActor(Neighbours neighbours, ActorContext<Command> context) {
        this.neighbours = neighbours;
        this.context = context;
    }

    static Behavior<Command> create(Neighbours neighbours) {
        return create(neighbours, TICK);
    }

    static Behavior<Command> create(Neighbours neighbours, Duration tick) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            neighbours.actor(context.getSelf());
            timers.startTimerWithFixedDelay(Neighbours.Tick.TICK, tick);
            NeighboursActor actor = new NeighboursActor(neighbours, context);
            Behavior<Command> receiving = Behaviors.receiveMessage(command -> {
                actor.on(command);
                return Behaviors.same();
            });
            return Behaviors.supervise(receiving).onFailure(SupervisorStrategy.resume());
        }));
    }

    private Neighbours.Self self() {
        return neighbours.self();
    }

    private Card card() {
        Card card = self().card();
        return new Card(
                card.incarnation(), card.uid(), card.address(), self().joined().getAsBoolean(), card.keeper());
    }

    private void on(Command command) {
        switch (command) {
            case Neighbours.Hello hello -> {
                meet(hello.card(), hello.from());
                hello.from().tell(new Neighbours.Welcome(card(), context.getSelf()));
            }
            case Neighbours.Welcome welcome -> meet(welcome.card(), welcome.from());
            case Neighbours.SayCalls say -> sayCalls(say.gone(), say.from());
            case Neighbours.CallsSaid done -> callsSaid(done.gone(), done.by());
            case Neighbours.Ping ping ->
                ping.from().tell(new Neighbours.Pong(card().incarnation(), neighbours.mayDecide()));
            case Neighbours.Pong pong -> othersMay |= pong.mayDecide();
            case Neighbours.Rows read -> read(read);
            case Neighbours.Removed gone -> {
                removed.put(gone.uid(), gone.downed());
                fenceRemoved();
            }
            case Neighbours.OwnCallsSaid own -> {
                said.add(own.gone());
                List<ActorRef<Command>> waiting = asking.remove(own.gone());
                if (waiting != null) {
                    waiting.forEach(to -> to.tell(new Neighbours.CallsSaid(own.gone(), card().incarnation())));
                }
            }
            case Neighbours.Release release -> release(release.gone());
            case Neighbours.Shut shut -> shutting.add(shut.incarnation());
            case Neighbours.Leaving leaving -> neighbours.leaves(leaving.by());
            case Neighbours.Leave leave -> {
                neighbours.leaves(card().incarnation());
                sayLeaving();
            }
            case Neighbours.Tick tick -> tick();
        }
    }

    // Who is there.

    private void meet(Card card, ActorRef<Command> from) {
        neighbours.met(card);
        if (neighbours.cards().containsKey(card.incarnation())) {
            refs.put(card.incarnation(), from);
        }
        if (unmet != null) {
            unmet.remove(card.incarnation());
            introduced();
        }
    }

    private void read(Neighbours.Rows read) {
        rows = read.rows();
        readMillis = read.storeMillis();
        neighbours.readAgain();
        look(read.storeMillis());
    }

    /** Time goes on: the right to act of those who were shut out ends without a word. */
    private void look(long now) {
        storeMillis = now;
        Set<Long> gone = neighbours.read(rows, storeMillis);
        if (unmet == null) {
            unmet = new HashSet<>();
            rows.stream().map(NodeRow::incarnation).forEach(unmet::add);
        }
        unmet.removeIf(each -> neighbours.isGone(each) || neighbours.cards().containsKey(each));
        refs.keySet().retainAll(neighbours.cards().keySet());
        rows.stream()
                .filter(row -> row.fenced() && row.isLapsed(storeMillis) && ended.add(row.incarnation()))
                .forEach(row -> self().blocking().execute(() -> end(row.incarnation())));
        fenceRemoved();
        if (!gone.isEmpty()) {
            context.getLog().info("Nodes that are gone: {}", gone);
            gone.forEach(this::release);
            self().here().nodesMoved();
        }
        introduced();
    }

    /** So that nobody has to find out again. */
    private void end(long incarnation) {
        try {
            self().table().ended(incarnation);
        } catch (StoreException failure) {
            context.getSystem().log().debug("Node {} is over, which could not be noted", incarnation, failure);
        }
    }

    private void introduced() {
        if (unmet != null && unmet.isEmpty()) {
            neighbours.introduced().complete(Done.getInstance());
        }
    }

    /**
     * Whoever is no member any more may still think that it is one; who was leaving has the time to say so in the store. And
     * whoever greeted and then ended before it was a member is missed by nobody else.
     */
    private void fenceRemoved() {
        Set<Long> lapsed = lapsed(storeMillis);
        Set<Long> silent =
                withRight >= TICKS_WITH_RIGHT && self().joined().getAsBoolean() ? lapsed(readMillis) : Set.of();
        for (Card card : neighbours.cards().values()) {
            Boolean downed = removed.get(card.uid());
            boolean wasMember = downed != null && (downed || lapsed.contains(card.incarnation()));
            if (wasMember
                    || (silent.contains(card.incarnation())
                            && !self().isMember().test(card.uid()))) {
                neighbours.shutOut(card.incarnation());
            }
        }
    }

    private Set<Long> lapsed(long now) {
        return rows.stream()
                .filter(row -> row.isLapsed(now))
                .map(NodeRow::incarnation)
                .collect(Collectors.toSet());
    }

    /** Greets all who may be at work and have not said who they are: a node that starts, until all have; any, when one is missed. */
    private void greet() {
        boolean starts = !neighbours.introduced().isDone();
        if (unmet == null || (!starts && ticks % TICKS_TO_ASK != 0)) {
            return;
        }
        for (NodeRow row : rows) {
            String address = row.address();
            if (neighbours.cards().containsKey(row.incarnation()) || row.fenced()) {
                continue;
            }
            if (starts && row.isLapsed(storeMillis) && (address == null || ticks > TICKS_OF_PATIENCE)) {
                neighbours.shutOut(row.incarnation());
            }
            if (address != null) {
                ActorSelection selection = Adapter.toClassic(context.getSystem())
                        .actorSelection("pekko://" + context.getSystem().name() + "@" + address + "/system/" + NAME);
                selection.tell(
                        new Neighbours.Hello(card(), context.getSelf()), org.apache.pekko.actor.ActorRef.noSender());
            }
        }
    }

    // Who is gone, and what it had admitted.

    private void release(long gone) {
        if (releases.containsKey(gone)) {
            return;
        }
        releases.put(gone, new HashSet<>(neighbours.cards().keySet()));
        askForCalls(gone);
    }

    private void askForCalls(long gone) {
        Set<Long> missing = releases.getOrDefault(gone, Set.of());
        missing.retainAll(neighbours.cards().keySet());
        for (long each : missing) {
            if (each == card().incarnation()) {
                sayCalls(gone, context.getSelf());
            } else if (refs.containsKey(each)) {
                refs.get(each).tell(new Neighbours.SayCalls(gone, context.getSelf()));
            }
        }
        end(gone, missing);
    }

    private void callsSaid(long gone, long by) {
        Set<Long> missing = releases.get(gone);
        if (missing != null) {
            missing.remove(by);
            end(gone, missing);
        }
    }

    private void end(long gone, Set<Long> missing) {
        if (missing.isEmpty() && !neighbours.hasReleased(gone)) {
            neighbours.released(gone);
        }
    }

    private void sayCalls(long gone, ActorRef<Command> from) {
        if (said.contains(gone)) {
            from.tell(new Neighbours.CallsSaid(gone, card().incarnation()));
            return;
        }
        boolean first = !asking.containsKey(gone);
        List<ActorRef<Command>> waiting = asking.computeIfAbsent(gone, none -> new ArrayList<>(2));
        if (!waiting.contains(from)) {
            waiting.add(from);
        }
        if (first) {
            context.pipeToSelf(neighbours.sayCalls(), (done, failure) -> new Neighbours.OwnCallsSaid(gone));
        }
    }

    /** A tick after somebody asked for it: by then it is known whether the node was leaving, and has the time to say so. */
    private void shutOut() {
        for (long each : shutting) {
            Card card = neighbours.cards().get(each);
            if (card == null || !Boolean.FALSE.equals(removed.get(card.uid()))) {
                neighbours.shutOut(each);
            }
        }
        shutting.clear();
    }

    private void tick() {
        ticks++;
        withRight = neighbours.mayDecide() ? withRight + 1 : 0;
        shutOut();
        greet();
        if (rows.stream().anyMatch(NodeRow::fenced)) {
            look(self().authority().millisAtLeast());
        }
        if (ticks % TICKS_TO_ASK == 0) {
            for (long gone : List.copyOf(releases.keySet())) {
                if (!neighbours.hasReleased(gone)) {
                    askForCalls(gone);
                }
            }
            fenceRemoved();
            if (neighbours.isLeaving()) {
                sayLeaving();
            }
        }
        stepDownIfAlone();
    }

    private void sayLeaving() {
        refs.forEach((incarnation, ref) -> ref.tell(new Neighbours.Leaving(card().incarnation())));
    }

    /** Others may act and this node may not: it is of no use, and has what they need. */
    private void stepDownIfAlone() {
        if (neighbours.mayDecide() || !neighbours.introduced().isDone()) {
            withoutRight = 0;
            othersMay = false;
            return;
        }
        withoutRight = othersMay ? withoutRight + 1 : 0;
        othersMay = false; // until they say so again: their right may end a moment after this node's
        if (withoutRight >= TICKS_TO_STEP_DOWN) {
            withoutRight = 0;
            self().stepDown().run();
        }
        refs.forEach((incarnation, ref) -> {
            if (incarnation != card().incarnation()) {
                ref.tell(new Neighbours.Ping(context.getSelf()));
            }
        });
    }
}
