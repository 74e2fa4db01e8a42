package dev.weir.perf.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What it was measured on, in a line. */
final class Machine {
    private Machine() {}

    static String described() {
        return Runtime.getRuntime().availableProcessors() + " cores ("
                + find("/proc/cpuinfo", "model name\\s*: (.*)") + "), "
                + find("/proc/meminfo", "MemTotal:\\s*(.*)") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("java.vm.name") + " " + Runtime.version() + ", "
                + find("/proc/self/limits", "Max open files\\s+(\\d+)") + " descriptors";
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
