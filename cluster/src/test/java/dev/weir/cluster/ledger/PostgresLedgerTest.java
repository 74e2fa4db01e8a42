package dev.weir.cluster.ledger;

/** The same on PostgreSQL. */
class PostgresLedgerTest extends LedgerTest {

    @Override
    Tables tables() {
        return Tables.onPostgres();
    }
}
