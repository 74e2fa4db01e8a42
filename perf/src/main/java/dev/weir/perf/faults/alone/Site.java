package dev.weir.perf.faults.alone;

import dev.weir.perf.faults.site.Catalogue;
import dev.weir.perf.faults.site.Database;
import dev.weir.perf.faults.site.Door;
import dev.weir.perf.faults.site.FakeClock;
import dev.weir.perf.faults.site.Gateway;
import dev.weir.perf.faults.site.Shell;
import dev.weir.perf.faults.site.SlowWire;
import dev.weir.perf.sabotage.Sabotage;
import dev.weir.streams.mock.MockSettings;
import dev.weir.streams.mock.MockUpstream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run's processes: a mock upstream, a gateway with its data, and perhaps a database. */
final class Site implements AutoCloseable {

    private static final String HERE = "127.0.0.1";
    private static final List<String> MODELS = List.of("m0", "m1", "m2", "m3", "m4", "m5");
    private static final int SIGHTINGS = 200_000;

    private final Path data;
    private final MockUpstream mock;
    private final @Nullable Database database;
    private final @Nullable SlowWire wire;
    private final FakeClock clock;
    private final Gateway gateway;
    private boolean mounted;

    /**
     * @param home the root of the repository
     * @param directory that the run may fill
     * @param database null for the embedded store
     * @param smallDisk the data is on a disk that can be filled
     * @param fakesClock the gateway's clock can be set
     * @param sabotage what the gateway is broken with; null for a whole one
     */
    Site(
            Path home,
            Path directory,
            @Nullable Database database,
            boolean smallDisk,
            boolean fakesClock,
            @Nullable Sabotage sabotage)
            throws IOException, InterruptedException {
        this.data = directory.resolve("data");
        this.database = database;
        this.wire = database == null ? null : database.wire(HERE);
        this.clock = new FakeClock(directory.resolve("clock"));
        this.mock = MockUpstream.start(MockSettings.forTests()
                .withScript("latency=5ms;tokens=20")
                .withKeeping(new MockSettings.Keeping(SIGHTINGS, false, false)));
        if (smallDisk) {
            Files.createDirectories(data);
            Shell.run("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", data.toString());
            mounted = true;
        }
        Map<String, String> environment = new HashMap<>(fakesClock ? clock.environment() : Map.of());
        if (sabotage != null) {
            environment.put("WEIR_JAVA_OPTS", sabotage.flag(home));
        }
        String storage = database == null || wire == null ? null : database.url(wire);
        int port = freePort();
        this.gateway = new Gateway(
                new Gateway.Place(home, directory, List.of(), HERE, port, new Door(HERE, port), List.of()),
                new Catalogue(MODELS, mock.baseUrl(), storage, List.of()),
                environment);
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    MockUpstream mock() {
        return mock;
    }

    Gateway gateway() {
        return gateway;
    }

    Door door() {
        return gateway.door();
    }

    void fillDisk(long millis) throws InterruptedException, IOException {
        Path ballast = data.resolve("ballast");
        try (OutputStream out = Files.newOutputStream(ballast)) {
            byte[] block = new byte[64 * 1024];
            for (int i = 0; i < 4_096; i++) {
                out.write(block);
            }
        } catch (IOException full) {
            // That was wanted.
        }
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        Files.delete(ballast);
    }

    void setClock(Duration offset) throws IOException {
        clock.set(offset);
    }

    void slowStore(long millis) throws InterruptedException {
        wire().slow(true);
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        wire().slow(false);
    }

    void muteStore(long millis) throws InterruptedException {
        wire().mute(true);
        TimeUnit.MILLISECONDS.sleep(millis); // the fault's own time
        wire().mute(false);
    }

    Database database() {
        if (database == null) {
            throw new IllegalStateException("the store is embedded");
        }
        return database;
    }

    private SlowWire wire() {
        if (wire == null) {
            throw new IllegalStateException("the store is embedded");
        }
        return wire;
    }

    @Override
    public void close() throws IOException {
        try {
            gateway.end();
            mock.close();
            if (wire != null) {
                wire.close();
            }
            if (mounted) {
                Shell.run("umount", data.toString());
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
