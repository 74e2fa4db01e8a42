package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import java.net.URI;
import java.util.List;
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
    public Optional<ProcessTree> tree() {
        return Optional.empty();
    }

    @Override
    public String freshKey() {
        return "";
    }

    @Override
    public List<String> disagreements(String key, LoadResult client, Mock.Totals witness) {
        return List.of();
    }

    @Override
    public void close() {}
}
