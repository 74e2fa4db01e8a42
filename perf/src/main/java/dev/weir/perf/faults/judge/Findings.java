package dev.weir.perf.faults.judge;

import java.util.ArrayList;
import java.util.List;

/** What was promised and not kept. */
public final class Findings {

    private static final int DETAILS = 20;

    private long overAdmitted;
    private long unmetered;
    private long duplicated;
    private long wrong;
    private final List<String> details = new ArrayList<>();

    void overAdmitted(long amount, String text) {
        overAdmitted += amount;
        say(text);
    }

    void unmetered(String text) {
        unmetered++;
        say(text);
    }

    void duplicated(String text) {
        duplicated++;
        say(text);
    }

    void wrong(String text) {
        wrong++;
        say(text);
    }

    private void say(String text) {
        if (details.size() < DETAILS) {
            details.add(text);
        }
    }

    /** By how much limits were exceeded, in whatever they count. */
    public long overAdmitted() {
        return overAdmitted;
    }

    /** Attempts without a row. */
    public long unmetered() {
        return unmetered;
    }

    /** Attempts with two rows, or that were made twice. */
    public long duplicated() {
        return duplicated;
    }

    /** Figures that do not agree, and answers that nobody may get. */
    public long wrong() {
        return wrong;
    }

    /** The first of them in words. */
    public List<String> details() {
        return List.copyOf(details);
    }

    public boolean isClean() {
        return overAdmitted + unmetered + duplicated + wrong == 0;
    }
}
