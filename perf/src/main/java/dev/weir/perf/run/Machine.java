package dev.weir.perf.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What it was measured on. */
final class Machine {
    private static final long TICK_MICROS = 10_000;
    private static final int IDLE = 3;
    private static final int WAITING_FOR_DISK = 4;
    private static final int STOLEN = 7;

    private Machine() {}

    /**
     * CPU time since it was started, in microseconds (0 where there is no {@code /proc}).
     *
     * @param busy that nobody here could have besides, what was stolen included
     * @param stolen that the host of a virtual machine kept for others while this one had work
     */
    record Time(long busy, long stolen) {}

    static Time time() {
        String[] ticks = find("/proc/stat", "cpu +(.*)").split(" ");
        long busy = 0;
        long stolen = 0;
        for (int i = 0; i <= STOLEN && ticks.length > STOLEN; i++) {
            busy += i == IDLE || i == WAITING_FOR_DISK ? 0 : Long.parseLong(ticks[i]);
            stolen = Long.parseLong(ticks[i]);
        }
        return new Time(busy * TICK_MICROS, stolen * TICK_MICROS);
    }

    static String described() {
        return Runtime.getRuntime().availableProcessors() + " cores ("
                + find("/proc/cpuinfo", "model name\\s*: (.*)") + "), "
                + find("/proc/meminfo", "MemTotal:\\s*(.*)") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("java.vm.name") + " " + Runtime.version() + ", "
                + find("/proc/self/limits", "Max open files\\s+(\\d+)") + " descriptors";
    }

    /** The commit of a repository, and whether it has been changed since; {@code unknown} without git. */
    static String commit(Path home) throws InterruptedException {
        String commit = git(home, "rev-parse", "--short=10", "HEAD");
        if (commit.isEmpty()) {
            return "unknown";
        }
        return git(home, "status", "--porcelain", "--untracked-files=no").isEmpty() ? commit : commit + " with changes";
    }

    private static String git(Path home, String... arguments) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of("git", "-C", home.toString()));
        command.addAll(List.of(arguments));
        try {
            Process git = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String told = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return git.waitFor() == 0 ? told.strip() : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static String find(String file, String pattern) {
        try {
            Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(Path.of(file)));
            return matcher.find() ? matcher.group(1).strip() : "unknown";
        } catch (IOException e) {
            return "unknown";
        }
    }
}
