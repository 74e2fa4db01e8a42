package dev.weir.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** The name that somebody meant: the closest of the known ones, by edits, if it is close. */
final class Nearest {

    private static final int CLOSE = 3;

    private Nearest() {}

    static Optional<String> of(String name, Collection<String> known) {
        return known.stream()
                .min(Comparator.comparingInt(each -> edits(name, each)))
                .filter(each -> edits(name, each) <= Math.min(CLOSE, each.length() / 2));
    }

    /** What to expect instead of {@code name}: the closest name, or else all of them. */
    static String expectation(String name, Collection<String> known) {
        return of(name, known)
                .map(near -> "did you mean " + near + "?")
                .orElseGet(() -> "one of " + String.join(", ", known));
    }

    /** Levenshtein's distance, a row at a time. */
    private static int edits(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
