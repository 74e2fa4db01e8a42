package dev.weir.perf.subject;

import dev.weir.perf.load.LoadResult;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Nothing at all: the load calls the mock. What is measured then is the harness. */
record Direct(URI target) implements Subject {
    static Direct to(Mock mock) {
        return new Direct(mock.base().resolve("/v1/chat/completions"));
    }

    @Override
    public String name() {
        return "direct";
    }

    @Override
    public String on() {
        return "nothing: the load calls the mock";
    }

    @Override
    public Optional<ProcessTree> tree() {
        return Optional.empty();
    }

    @Override
    public double readySeconds() {
        return Double.NaN;
    }

    @Override
    public Access access(Map<String, Object> key) {
        return new Access(target, "mock", List.of());
    }

    @Override
    public void scrape() {}

    @Override
    public Books books(Access access, LoadResult client, Mock.Totals witness) {
        return Books.NONE;
    }

    @Override
    public Optional<Path> gcLog() {
        return Optional.empty();
    }

    @Override
    public void close() {}
}
