package dev.weir.cluster.nodes;

import dev.weir.actors.meter.Keeper;
import dev.weir.actors.meter.LocalMeters;
import dev.weir.actors.meter.Lost;
import dev.weir.actors.meter.Nodes;
import dev.weir.cluster.store.Database;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.jspecify.annotations.Nullable;

/** A node whose store nobody else can use: the lock on its directory is its right to act. */
final class Alone implements Membership {

    private final ActorSystem<?> system;
    private final NodeTable table;
    private final long incarnation;
    private final InstantSource clock;
    private final LocalMeters here = new LocalMeters();
    private @Nullable Nodes nodes;

    private Alone(ActorSystem<?> system, NodeTable table, long incarnation, InstantSource clock) {
        this.system = system;
        this.table = table;
        this.incarnation = incarnation;
        this.clock = clock;
    }

    static Alone register(ActorSystem<?> system, Database database, Settings settings, InstantSource clock) {
        NodeTable table = new NodeTable(database);
        return new Alone(system, table, table.register(settings.version()), clock);
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public InstantSource clock() {
        return clock;
    }

    @Override
    public LocalMeters here() {
        return here;
    }

    @Override
    public CompletionStage<Done> introduce(ActorRef<Keeper.Command> keeper) {
        nodes = Nodes.alone(incarnation, here, () -> keeper);
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    /** No other node has admitted any. */
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
        if (nodes == null) {
            throw new IllegalStateException("not introduced yet");
        }
        return nodes;
    }

    @Override
    public List<MemberView> members() {
        Cluster cluster = Cluster.get(system);
        return MemberView.all(
                cluster, Map.of(cluster.selfMember().uniqueAddress().longUid(), incarnation));
    }

    @Override
    public boolean reachesOthers() {
        return false;
    }

    @Override
    public CompletionStage<Done> join() {
        Cluster cluster = Cluster.get(system);
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    @Override
    public void close() {
        table.ended(incarnation);
    }
}
