package dev.weir.cluster.meters;

import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.LocalMeters;
import dev.weir.actors.meter.Lost;
import dev.weir.actors.meter.Nodes;
import dev.weir.cluster.nodes.MemberView;
import dev.weir.cluster.nodes.Membership;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** A node without a store and without others, at the begin of time. */
final class LoneMembership implements Membership {

    private final LocalMeters here = new LocalMeters();
    private final Nodes nodes;

    LoneMembership(ActorRef<Keeper.Command> keeper) {
        this.nodes = Nodes.alone(1, here, () -> keeper);
    }

    @Override
    public long incarnation() {
        return 1;
    }

    @Override
    public InstantSource clock() {
        return () -> Instant.EPOCH;
    }

    @Override
    public LocalMeters here() {
        return here;
    }

    @Override
    public CompletionStage<Done> introduce(ActorRef<Keeper.Command> keeper) {
        return join();
    }

    @Override
    public void calls(Supplier<CompletableFuture<Done>> calls, Consumer<Lost> lost) {}

    @Override
    public void leave() {}

    @Override
    public boolean coordinates() {
        return true;
    }

    @Override
    public @Nullable ActorRef<Keeper.Command> staying() {
        return null;
    }

    @Override
    public Set<String> leaving() {
        return Set.of();
    }

    @Override
    public Nodes nodes() {
        return nodes;
    }

    @Override
    public List<MemberView> members() {
        return List.of();
    }

    @Override
    public boolean reachesOthers() {
        return false;
    }

    @Override
    public CompletionStage<Done> join() {
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    @Override
    public void close() {}
}
