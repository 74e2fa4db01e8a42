package dev.weir.perf.subject;

import dev.weir.perf.load.LoadResult;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What stands between the load and the mock. */
public sealed interface Subject extends AutoCloseable permits Direct, Program, Weir {

    /** A subject that runs, or why it cannot. */
    sealed interface Start {
        record Started(Subject subject) implements Start {}

        record Skipped(String name, String why) implements Start {}
    }

    /** What a caller needs in a round. */
    record Access(URI target, String model, List<String> headers) {
        public Access {
            headers = List.copyOf(headers);
        }
    }

    String name();

    /** What of a gateway's work it does. */
    String on();

    /** Its processes, when it has any. */
    Optional<ProcessTree> tree();

    /** From its start to its first ready answer, in seconds; NaN when nobody looked. */
    double readySeconds();

    /**
     * How it is called in the next round.
     *
     * @param key what the scenario wants of the key, by the names of {@code /key/generate}
     */
    Access access(Map<String, Object> key) throws IOException, InterruptedException;

    /** Looks at its metrics once, as a collector does. */
    void scrape() throws InterruptedException;

    /** Its own books, after a round with this access, held against client and witness. */
    Books books(Access access, LoadResult client, Mock.Totals witness) throws IOException, InterruptedException;

    /** The log of its garbage collector, when it has one. */
    Optional<Path> gcLog();

    @Override
    void close();
}
