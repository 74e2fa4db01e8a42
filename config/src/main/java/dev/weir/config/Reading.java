package dev.weir.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One pass over a tree of settings: what it resolves names with, and the problems found so far. */
final class Reading {

    private final @Nullable Map<String, String> environment;
    private final Map<String, Integer> lines;
    private final List<Problem> problems = new ArrayList<>();

    private Reading(@Nullable Map<String, String> environment, Map<String, Integer> lines) {
        this.environment = environment;
        this.lines = lines;
    }

    /** A file of the operator's: {@code os.environ/NAME} and, for credentials, {@code file:/path} are resolved. */
    static Reading ofFile(Map<String, String> environment, Map<String, Integer> lines) {
        return new Reading(environment, lines);
    }

    /** A document from the network: every text is taken as it is, so that nobody reads our environment through it. */
    static Reading ofRequest() {
        return new Reading(null, Map.of());
    }

    boolean resolves() {
        return environment != null;
    }

    @Nullable
    String variable(String name) {
        return environment == null ? null : environment.get(name);
    }

    void problem(String path, String value, String expected) {
        Problem problem = new Problem(path, value, expected, line(path));
        if (!problems.contains(problem)) {
            problems.add(problem);
        }
    }

    List<Problem> problems() {
        return List.copyOf(problems);
    }

    /** The line of the path or, if it is missing, of the closest block around it. */
    private int line(String path) {
        for (String at = path; !at.isEmpty(); at = parent(at)) {
            Integer line = lines.get(at);
            if (line != null) {
                return line;
            }
        }
        return 0;
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))));
    }
}
