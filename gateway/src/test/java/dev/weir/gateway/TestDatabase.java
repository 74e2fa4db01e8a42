package dev.weir.gateway;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** A PostgreSQL of this process's own, with an empty database for whoever asks. */
final class TestDatabase {

    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final EmbeddedPostgres SERVER = start();

    private TestDatabase() {}

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .start();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Where a new, empty database is. */
    static String newUrl() {
        String name = "gateway" + NAMES.incrementAndGet();
        try (Connection connection = SERVER.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + name);
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
        return "postgresql://postgres@localhost:" + SERVER.getPort() + "/" + name;
    }

    /** Somebody else who is at work in the database of a {@link #newUrl}. */
    static Connection connect(String url) throws SQLException {
        return SERVER.getDatabase("postgres", url.substring(url.lastIndexOf('/') + 1))
                .getConnection();
    }
}
