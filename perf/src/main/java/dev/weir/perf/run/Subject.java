package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** What stands between the load and the mock. */
public sealed interface Subject extends AutoCloseable permits Direct, Nginx, Weir {

    /** A subject that runs, or why it cannot. */
    sealed interface Start {
        record Started(Subject subject) implements Start {}

        record Skipped(String name, String why) implements Start {}
    }

    String name();

    /** The chat completions route to call. */
    URI target();

    /** Its processes, when it has any. */
    Optional<ProcessTree> tree();

    /** The key to call it with in the next round. */
    String freshKey() throws IOException, InterruptedException;

    /** What its own books say otherwise than client and witness, after a round with this key; empty when they agree. */
    List<String> disagreements(String key, LoadResult client, Mock.Totals witness)
            throws IOException, InterruptedException;

    @Override
    void close();
}
