package dev.weir.perf.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pauses of a JVM's collector, from a log written by {@code -Xlog:gc:file=...:timemillis}. */
record GcLog(List<Pause> pauses) {
    private static final Pattern PAUSE =
            Pattern.compile("\\[(\\d+)ms] GC\\(\\d+\\) Pause .* (\\d+)M->(\\d+)M\\(\\d+M\\) ([0-9.]+)ms");

    /** One of them: when it ended (milliseconds of the epoch), how long it took, and the heap after it. */
    record Pause(long epochMillis, double millis, long heapBytes) {}

    GcLog {
        pauses = List.copyOf(pauses);
    }

    static GcLog read(Path file) throws IOException {
        List<Pause> pauses = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            Matcher pause = PAUSE.matcher(line);
            if (pause.find()) {
                pauses.add(new Pause(
                        Long.parseLong(pause.group(1)),
                        Double.parseDouble(pause.group(4)),
                        Long.parseLong(pause.group(3)) << 20));
            }
        }
        return new GcLog(pauses);
    }

    /** Those of a time. */
    GcLog between(long fromMillis, long upToMillis) {
        return new GcLog(pauses.stream()
                .filter(pause -> pause.epochMillis >= fromMillis && pause.epochMillis <= upToMillis)
                .toList());
    }
}
