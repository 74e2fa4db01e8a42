package dev.weir.cluster.nodes;

import dev.weir.cluster.nodes.NodeTable.LeaseRow;
import dev.weir.cluster.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Extension;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.apache.pekko.coordination.lease.javadsl.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pekko's lease, kept in the store: of nodes that cannot reach each other it says who goes on.
 *
 * <p>It is a node's for as long as the node is at work, by its row there; nobody has to renew it. Who asks for what another
 * has waits until that one says again that it is there, and is refused then, or until its time is over. While the store does
 * not answer nobody is told anything: all of them would end otherwise, and none of them is better off for that.
 */
public final class StoreLease extends Lease {

    private static final Logger LOG = LoggerFactory.getLogger(StoreLease.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long PAUSE_MILLIS = 250;

    private final LeaseSettings settings;
    private final Place place;

    /** As Pekko makes it. */
    public StoreLease(LeaseSettings settings, ExtendedActorSystem system) {
        this.settings = settings;
        this.place = Place.of(system);
    }

    @Override
    public LeaseSettings getSettings() {
        return settings;
    }

    @Override
    public CompletionStage<Boolean> acquire() {
        return place.here.thenCompose(here -> blocking(() -> goesOn(here)));
    }

    @Override
    public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
        return acquire();
    }

    @Override
    public CompletionStage<Boolean> release() {
        return place.here.thenCompose(here -> blocking(() -> giveBack(here)));
    }

    /** Only the store knows, and asking it again costs nothing: {@link #acquire} says the same to whoever has it. */
    @Override
    public boolean checkLease() {
        return false;
    }

    private interface Work {
        boolean run() throws InterruptedException;
    }

    private static CompletionStage<Boolean> blocking(Work work) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Thread.ofVirtual().name("weir-lease").start(() -> {
            try {
                done.complete(work.run());
            } catch (InterruptedException | RuntimeException failure) {
                done.completeExceptionally(failure);
            }
        });
        return done;
    }

    private boolean goesOn(Here here) throws InterruptedException {
        LeaseRow first = null;
        boolean said = false;
        while (!here.authority.isOver()) {
            try (Connection connection = here.database.session(PATIENCE)) {
                LeaseRow row = here.table.takeLease(connection, settings.leaseName(), here.incarnation);
                if (row == null || row.holder() == here.incarnation) {
                    return row != null;
                }
                if (first == null || first.holder() != row.holder()) {
                    first = row;
                } else if (first.renewedAt() < row.renewedAt()) {
                    return false;
                }
            } catch (SQLException | RuntimeException failure) {
                if (!said) {
                    said = true;
                    LOG.warn("Who goes on cannot be decided before the store answers: {}", failure.getMessage());
                }
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS); // a store says nothing by itself
        }
        return false;
    }

    private boolean giveBack(Here here) {
        try (Connection connection = here.database.session(PATIENCE)) {
            here.table.leaveLease(connection, settings.leaseName(), here.incarnation);
            return true;
        } catch (SQLException failure) {
            LOG.debug("A lease could not be given back; it ends with this node", failure);
            return false;
        }
    }

    /** The node that asks. */
    private record Here(Database database, NodeTable table, long incarnation, Authority authority) {}

    /** Where the lease finds its node: Pekko makes it before there is one. */
    static final class Place implements Extension {

        private static final Id ID = new Id();

        private final CompletableFuture<Here> here = new CompletableFuture<>();

        static Place of(ActorSystem system) {
            return ID.get(system);
        }

        void is(Database database, NodeTable table, long incarnation, Authority authority) {
            here.complete(new Here(database, table, incarnation, authority));
        }

        private static final class Id extends AbstractExtensionId<Place> {
            @Override
            public Place createExtension(ExtendedActorSystem system) {
                return new Place();
            }
        }
    }
}
