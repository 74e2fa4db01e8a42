package dev.weir.perf.subject;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** A process and its children, as the kernel accounts for them ({@code /proc}; zeros where there is none). */
public final class ProcessTree {
    private static final long TICK_MICROS = 10_000;
    private static final int USER_TIME = 11;
    private static final int SYSTEM_TIME = 12;

    private final ProcessHandle root;

    public ProcessTree(ProcessHandle root) {
        this.root = root;
    }

    public boolean isAlive() {
        return root.isAlive();
    }

    /** User and system time so far, in microseconds, with a resolution of 10 ms. */
    public long cpuMicros() {
        return sum(ProcessTree::cpuMicros);
    }

    /** Resident memory in bytes. */
    public long residentBytes() {
        return sum(ProcessTree::residentBytes);
    }

    /** Proportional memory in bytes: pages that processes share count once among them. */
    public long proportionalBytes() {
        return sum(pid -> kilobytes(pid, "smaps_rollup", "Pss:"));
    }

    public long threads() {
        return sum(pid -> number(pid, "status", "Threads:"));
    }

    public long descriptors() {
        return sum(pid -> {
            String[] open = new File("/proc/" + pid + "/fd").list();
            return open == null ? 0L : open.length;
        });
    }

    public long pid() {
        return root.pid();
    }

    private long sum(ToLongFunction<Long> figure) {
        return Stream.concat(Stream.of(root), root.descendants())
                .map(ProcessHandle::pid)
                .mapToLong(figure)
                .sum();
    }

    private static long cpuMicros(long pid) {
        String stat = read(pid, "stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        if (fields.length <= SYSTEM_TIME) {
            return 0;
        }
        return (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME])) * TICK_MICROS;
    }

    private static long residentBytes(long pid) {
        return kilobytes(pid, "status", "VmRSS:");
    }

    private static long kilobytes(long pid, String file, String name) {
        return number(pid, file, name) * 1024;
    }

    private static long number(long pid, String file, String name) {
        return read(pid, file)
                .lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.replaceAll("\\D", ""))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElse(0);
    }

    private static String read(long pid, String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), file));
        } catch (IOException e) {
            return ""; // it has ended meanwhile
        }
    }
}
