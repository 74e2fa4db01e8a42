package dev.weir.gateway;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A PostgreSQL of this process's own, with an empty database for whoever asks. */
final class TestDatabase {

    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final Path DATA = directory();
    private static final EmbeddedPostgres SERVER = start();

    private TestDatabase() {}

    private static Path directory() {
        try {
            return Files.createTempDirectory("weir-postgres");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setDataDirectory(DATA)
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

    /** All of its processes stand still, until {@link #goOn}. */
    static void standStill() {
        signal("STOP");
    }

    static void goOn() {
        signal("CONT");
    }

    private static void signal(String name) {
        try {
            long postmaster = Long.parseLong(Files.readAllLines(DATA.resolve("postmaster.pid"))
                    .getFirst()
                    .strip());
            List<String> command = new ArrayList<>(List.of("kill", "-" + name, Long.toString(postmaster)));
            ProcessHandle.of(postmaster)
                    .ifPresent(root -> root.descendants().forEach(child -> command.add(Long.toString(child.pid()))));
            new ProcessBuilder(command).start().waitFor();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
