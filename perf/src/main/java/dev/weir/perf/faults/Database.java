package dev.weir.perf.faults;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A PostgreSQL of the laboratory's own, and the wire to it that can be disturbed. */
final class Database implements AutoCloseable {

    private final EmbeddedPostgres server;
    private final SlowWire wire;
    private final long postmaster;
    private int databases;

    private Database(EmbeddedPostgres server, SlowWire wire, long postmaster) {
        this.server = server;
        this.wire = wire;
        this.postmaster = postmaster;
    }

    static Database start(Path directory) throws IOException {
        Path data = directory.resolve("postgres");
        EmbeddedPostgres server = EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start();
        long postmaster = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).getFirst().strip());
        return new Database(server, new SlowWire(server.getPort()), postmaster);
    }

    /** Makes a new, empty database, which {@link #url} is about from now on. */
    void renew() throws SQLException {
        databases++;
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create database run" + databases);
        }
    }

    /** The way through the wire. */
    String url() {
        return "postgresql://postgres@127.0.0.1:" + wire.port() + "/run" + databases;
    }

    SlowWire wire() {
        return wire;
    }

    /** All that serves it. */
    List<Long> processes() {
        List<Long> pids = new ArrayList<>();
        pids.add(postmaster);
        ProcessHandle.of(postmaster).ifPresent(root -> root.descendants().forEach(child -> pids.add(child.pid())));
        return pids;
    }

    @Override
    public void close() throws IOException {
        wire.close();
        server.close();
    }
}
