package dev.weir.cluster.ledger;

/** The same on PostgreSQL. */
class PostgresShipperTest extends ShipperTest {

    @Override
    Tables tables() {
        return Tables.onPostgres();
    }
}
