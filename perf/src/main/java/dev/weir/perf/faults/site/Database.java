package dev.weir.perf.faults.site;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** A PostgreSQL of the laboratory's own. Gateways reach it through {@link SlowWire}s. */
public final class Database implements AutoCloseable {

    private final EmbeddedPostgres server;
    private final long postmaster;
    private final ReentrantLock pausing = new ReentrantLock();
    private int databases;

    private Database(EmbeddedPostgres server, long postmaster) {
        this.server = server;
        this.postmaster = postmaster;
    }

    public static Database start(Path directory) throws IOException {
        Path data = directory.resolve("postgres");
        EmbeddedPostgres server = EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start();
        long postmaster = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).getFirst().strip());
        return new Database(server, postmaster);
    }

    /** Makes a new, empty database, which {@link #url} is about from now on. */
    public void renew() throws SQLException {
        databases++;
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create database run" + databases);
        }
    }

    /** A wire to it, with an end at this address. */
    public SlowWire wire(String address) throws IOException {
        return new SlowWire(address, server.getPort());
    }

    /** The way through a wire. */
    public String url(SlowWire wire) {
        return "postgresql://postgres@" + wire.address() + "/run" + databases;
    }

    /** What the laboratory itself asks of the last database. */
    public Connection connection() throws SQLException {
        return server.getDatabase("postgres", "run" + databases).getConnection();
    }

    /** It stands still for a while, all of it; where that is wanted twice, the second time follows the first. */
    public void pause(long millis) throws IOException, InterruptedException {
        pausing.lockInterruptibly();
        try {
            stop(millis);
        } finally {
            pausing.unlock();
        }
    }

    /** As long as the postmaster stands still, its children stay its children, those that end too. */
    private void stop(long millis) throws IOException, InterruptedException {
        List<Long> children = List.of();
        Shell.signal("STOP", List.of(postmaster));
        try {
            children = children();
            Shell.signal("STOP", children);
            TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        } finally {
            List<Long> all = new ArrayList<>(children);
            all.add(postmaster);
            Shell.signal("CONT", all);
        }
    }

    private List<Long> children() {
        return ProcessHandle.of(postmaster).stream()
                .flatMap(ProcessHandle::descendants)
                .map(ProcessHandle::pid)
                .toList();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
