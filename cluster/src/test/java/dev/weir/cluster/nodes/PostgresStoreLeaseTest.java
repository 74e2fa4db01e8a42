package dev.weir.cluster.nodes;

import dev.weir.cluster.store.Database;
import dev.weir.cluster.store.PostgresServer;

final class PostgresStoreLeaseTest extends StoreLeaseTest {

    @Override
    Database database() {
        return Database.open(directory, PostgresServer.newDatabase());
    }
}
