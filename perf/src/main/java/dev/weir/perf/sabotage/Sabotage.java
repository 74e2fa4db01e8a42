package dev.weir.perf.sabotage;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** A fault that can be put into a Weir that the bench starts. A run with one of them must fail. */
public enum Sabotage {

    /**
     * The meter admits and holds nothing of any request, token or money limit, so that none of them ever binds. Slots and the
     * ledger stay right.
     *
     * <p>To be seen by what a hot key is admitted beyond its limit.
     */
    HOLD,

    /**
     * One permit in twenty does not come back to its upstream pool.
     *
     * <p>To be seen by the permits that are in use when the load has gone ({@code weir_pool_in_use}, as of the last tick of the
     * metrics), and by calls that fail when the pool is dry: after twenty for each of its connections.
     */
    PERMIT,

    /**
     * One ended attempt in a hundred becomes no row of the ledger, and its price no spend of the key. The client's answer and
     * the journal stay right.
     *
     * <p>To be seen by ledger rows that are fewer than the witness's requests, and a spend below the witness's tokens.
     */
    ROW,

    /**
     * Every piece of an answer that an upstream sends costs the event loop 200 us more.
     *
     * <p>To be seen by CPU per call and per event, and by the throughput, against the control.
     */
    BUSYWAIT,

    /**
     * A meter's row is said to be durable at once and is so three seconds later: what is granted is used before anybody but its owner
     * knows.
     *
     * <p>To be seen, by what is admitted beyond the limits, when owners are killed.
     */
    PERSIST,

    /**
     * A settlement that is repeated gives back once more what its call held, slots too.
     *
     * <p>To be seen by slots, when owners stand still while doors wait for their acknowledgements.
     */
    DEDUPE,

    /**
     * A node that was shut out goes on: it takes those whom it does not see for dead, its right to act for granted, and what the
     * store refuses to write for written.
     *
     * <p>To be seen, by what is admitted beyond the limits, when nodes lose sight of each other and not of the store.
     */
    EPOCH;

    private static final String AGENT = "perf/target/sabotage/weir-sabotage.jar";

    /** @throws IllegalArgumentException when nothing is called so */
    public static Sabotage of(String label) {
        return Arrays.stream(values())
                .filter(sabotage -> sabotage.toString().equals(label))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("no sabotage: " + label + " (expected: one of " + all() + ")"));
    }

    private static String all() {
        return String.join(", ", Arrays.stream(values()).map(Sabotage::toString).toList());
    }

    /**
     * The JVM's flag, for {@code WEIR_JAVA_OPTS}. A JVM that does not find the jar does not start.
     *
     * @param home the root of the repository, where perf has been packaged
     * @throws IllegalArgumentException when the path has a blank, at which the launcher would split the flag
     */
    public String flag(Path home) {
        String flag = "-javaagent:" + home.toAbsolutePath().normalize().resolve(AGENT) + "=" + this;
        if (flag.chars().anyMatch(Character::isWhitespace)) {
            throw new IllegalArgumentException("home: " + home + " (expected: a path without blanks)");
        }
        return flag;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
