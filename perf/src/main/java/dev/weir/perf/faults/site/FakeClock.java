package dev.weir.perf.faults.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A wall clock of one process that can be set, by libfaketime. */
public final class FakeClock {

    private static final String LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

    private final Path file;
    private volatile Duration offset = Duration.ZERO;

    /** @param file that the process reads, again each second */
    public FakeClock(Path file) throws IOException {
        this.file = file;
        set(Duration.ZERO);
    }

    public static boolean isThere() {
        return Files.exists(Path.of(LIBRARY));
    }

    /** What the process has to be started with. */
    public Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", LIBRARY,
                "FAKETIME_TIMESTAMP_FILE", file.toString(),
                "FAKETIME_CACHE_DURATION", "1",
                "DONT_FAKE_MONOTONIC", "1",
                // Its way of finding out how timed waits are counted makes every one of the JVM's wait.
                "FAKETIME_FORCE_MONOTONIC_FIX", "0",
                // The JVM takes its cache only if the libraries are as old as they were.
                "NO_FAKE_STAT", "1");
    }

    /** What it shows is so far from the machine's. */
    public Duration offset() {
        return offset;
    }

    /** @param offset from the machine's */
    public void set(Duration offset) throws IOException {
        this.offset = offset;
        Files.writeString(file, (offset.isNegative() ? "" : "+") + offset.toSeconds() + "s");
    }
}
