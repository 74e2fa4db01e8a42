package dev.weir.cluster.ledger;

import dev.weir.cluster.store.PostgresServer;
import dev.weir.config.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** A database of its own with the tables of the product, and questions that only a test asks. */
final class Tables {

    private final DataSource source;

    private Tables(DataSource source) {
        this.source = source;
    }

    static Tables make() {
        Path file;
        try {
            file = Files.createTempFile("weir-tables-", ".db");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        file.toFile().deleteOnExit();
        SQLiteConfig config = new SQLiteConfig();
        config.setSynchronous(SQLiteConfig.SynchronousMode.OFF);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        Flyway.configure()
                .dataSource(source)
                .locations("classpath:db/migration")
                .load()
                .migrate();
        return new Tables(source);
    }

    static Tables onPostgres() {
        DatabaseUrl url = PostgresServer.newDatabase();
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL("jdbc:postgresql://" + url.host() + ":" + url.port() + "/" + url.database());
        source.setUser(url.user());
        Flyway.configure()
                .dataSource(source)
                .locations("classpath:db/postgresql")
                .load()
                .migrate();
        return new Tables(source);
    }

    static Tables of(DataSource source) {
        return new Tables(source);
    }

    DataSource source() {
        return source;
    }

    void clear() {
        run("delete from ledger");
        run("delete from open_attempt");
        run("delete from spend");
        run("delete from journal");
        run("delete from door");
    }

    void run(String sql) {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    long number(String sql) {
        return sums("select 'it', (" + sql + ")").getOrDefault("it", 0L);
    }

    Map<String, Long> spendOfRows() {
        return sums(
                "select who, nano_usd from (select api_key as who, sum(nano_usd) as nano_usd from ledger group by api_key"
                        + " union all select 'team/' || team_id, sum(nano_usd) from ledger where team_id is not null group by team_id"
                        + " union all select 'user/' || user_id, sum(nano_usd) from ledger where user_id is not null group by user_id"
                        + " union all select 'organization/' || organization_id, sum(nano_usd) from ledger"
                        + " where organization_id is not null group by organization_id) s where nano_usd <> 0");
    }

    /** Without those who have spent nothing, or nothing any more. */
    Map<String, Long> spendByWho() {
        return sums("select who, nano_usd from spend where nano_usd <> 0");
    }

    private Map<String, Long> sums(String sql) {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            Map<String, Long> sums = new TreeMap<>();
            while (row.next()) {
                sums.put(row.getString(1), row.getLong(2));
            }
            return sums;
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
