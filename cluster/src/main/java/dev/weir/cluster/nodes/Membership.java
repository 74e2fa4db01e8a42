package dev.weir.cluster.nodes;

import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.LocalMeters;
import dev.weir.actors.meter.Lost;
import dev.weir.actors.meter.Nodes;
import dev.weir.cluster.store.Database;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;

/** This process among the nodes over its store: alone where the store is its own, one of several where it is shared. */
public interface Membership extends AutoCloseable {

    /**
     * What an operator says of it.
     *
     * @param version of the program, for the record of starts
     * @param seeds where other nodes may be met, as {@code host:port}, besides those that the store knows
     * @param atMost how long becoming a member may take
     */
    record Settings(String version, List<String> seeds, Duration atMost) {
        public Settings {
            seeds = List.copyOf(seeds);
        }
    }

    /**
     * Registers this start of the process. Blocks for a commit.
     *
     * @param clock the time of a store that is not shared
     * @param end what a node does that others have shut out, or that can do nothing for them: it ends
     */
    static Membership register(
            ActorSystem<?> system, Database database, Settings settings, InstantSource clock, Runnable end) {
        return database.isShared()
                ? Clustered.register(system, database, settings, end)
                : Alone.register(system, database, settings, clock);
    }

    /** This start's number: no other start of any node over the same store has it. */
    long incarnation();

    /** The store's time, which windows are counted in. */
    InstantSource clock();

    /** The meters of this node. */
    LocalMeters here();

    /** Says who is here to the others. From when the stage completes on, this node hears what all are told. */
    CompletionStage<Done> introduce(ActorRef<Keeper.Command> keeper);

    /**
     * @param calls says to their meters which calls run at this node's door, and completes when all have heard
     * @param lost takes calls whose door is gone
     */
    void calls(Supplier<CompletableFuture<Done>> calls, Consumer<Lost> lost);

    /** The nodes that there are, once this one has {@linkplain #introduce introduced} itself. */
    Nodes nodes();

    /** Who is a member of the cluster, as this node sees it. */
    List<MemberView> members();

    /** There are others over the same store, and it answers. */
    boolean reachesOthers();

    /** Completes when this node is a member; fails when that takes too long, saying why. */
    CompletionStage<Done> join();

    /** The node is about to leave: others let nothing come to it any more. */
    void leave();

    /** The addresses, as {@code host:port}, of nodes that have said that they are. */
    Set<String> leaving();

    /** This node says where shards are, as the oldest member does. */
    boolean coordinates();

    /** The keeper of another member that is not about to leave; null where there is none. */
    @Nullable
    ActorRef<Keeper.Command> staying();

    /** The node has left by itself: whoever takes over need not wait. Blocks for a commit. */
    @Override
    void close();
}
