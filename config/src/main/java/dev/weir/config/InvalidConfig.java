package dev.weir.config;

import java.util.List;
import java.util.stream.Collectors;

/** Every reason for which a configuration stops the start, one line each; free of secrets. */
public final class InvalidConfig extends RuntimeException {

    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // List.copyOf of records; never serialized
    private final transient List<Problem> problems;

    public InvalidConfig(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }
}
