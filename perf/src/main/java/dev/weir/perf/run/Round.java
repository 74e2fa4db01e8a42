package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One measurement of one subject at one point.
 *
 * @param point the name of the workload
 * @param number of the round, from 1
 * @param users that were connected; 0 in an open loop
 * @param refusals whether 429 and 503 were expected
 * @param samples of the whole measurement, one a second
 * @param disagreements of witness, client and ledger: the round is void unless it is empty
 */
public record Round(
        String subject,
        String point,
        int number,
        int users,
        boolean refusals,
        LoadResult load,
        Usage usage,
        Findings findings,
        List<Sample> samples,
        List<String> disagreements) {
    private static final double BUSY = 0.9;
    private static final double DISTURBED = 0.1;
    private static final double STOLEN = 0.02;

    public Round {
        samples = List.copyOf(samples);
        disagreements = List.copyOf(disagreements);
    }

    /**
     * What the measured window took.
     *
     * @param seconds between the two readings of the meters
     * @param subject CPU of the subject's processes in that time, in microseconds; 0 when it has none
     * @param mock the mock's
     * @param load the load's
     * @param machine of everything on the machine, stolen time included
     * @param stolen that the machine's host kept for others while there was work here
     * @param idleBytes resident memory of the subject before the load
     * @param residentBytes and at the end of the window
     * @param proportionalBytes of it what is not shared
     */
    public record Usage(
            double seconds,
            long subject,
            long mock,
            long load,
            long machine,
            long stolen,
            long idleBytes,
            long residentBytes,
            long proportionalBytes) {}

    /**
     * What else was found; null where there was nothing to find.
     *
     * @param readySeconds from the subject's start to its first ready answer
     * @param permitsLeaked see {@link dev.weir.perf.subject.Books}
     * @param unmetered see {@link dev.weir.perf.subject.Books}
     * @param overAdmitted calls beyond the key's {@code rpm_limit}
     * @param leftUnused calls of that limit that were asked for and refused
     * @param leaveP50Millis from a client's leaving to its upstream connection's end
     * @param leavers how many were seen to leave by the witness
     * @param pauseMillis the longest pause of the collector in the window
     * @param pausedShare of the window in such pauses
     * @param heapBytes after the last collection
     */
    public record Findings(
            @Nullable Double readySeconds,
            @Nullable Double permitsLeaked,
            @Nullable Double unmetered,
            @Nullable Double overAdmitted,
            @Nullable Double leftUnused,
            @Nullable Double leaveP50Millis,
            @Nullable Double leaveP99Millis,
            @Nullable Double leaveMaxMillis,
            @Nullable Double leavers,
            @Nullable Double pauseMillis,
            @Nullable Double pausedShare,
            @Nullable Double heapBytes) {}

    /** Calls that went wrong. */
    public long failures() {
        return load.failures(refusals);
    }

    /** CPU per successful call, in microseconds. */
    public double perCall(long micros) {
        long calls = load.measured(Outcome.OK);
        return calls == 0 ? Double.NaN : (double) micros / calls;
    }

    /** CPU per event with text of a stream. */
    public double perEvent(long micros) {
        long events = load.firstToken().count() + load.gap().count();
        return events == 0 ? Double.NaN : (double) micros / events;
    }

    /** What limited or disturbed this round other than the subject, if anything did. */
    public List<String> bottlenecks(int mockLoops, int cores) {
        List<String> found = new ArrayList<>();
        busy("the load's loop was busy", usage.load(), 1, BUSY, found);
        busy("the mock was busy", usage.mock(), mockLoops, BUSY, found);
        busy("the machine was busy", usage.machine(), cores, BUSY, found);
        busy("others had the machine", others(), cores, DISTURBED, found);
        busy("the host kept the machine", usage.stolen(), cores, STOLEN, found);
        return found;
    }

    /** Was so much stolen that the round says more of the host than of a subject: a hundredth of the latencies, say? */
    public boolean isStolen(int cores) {
        return share(usage.stolen(), cores) >= STOLEN;
    }

    private long others() {
        return Math.max(0, usage.machine() - usage.stolen() - usage.subject() - usage.mock() - usage.load());
    }

    private double share(long micros, int cores) {
        return micros / (usage.seconds() * 1e6 * cores);
    }

    private void busy(String what, long micros, int cores, double limit, List<String> found) {
        double share = share(micros, cores);
        if (share >= limit) {
            found.add(String.format(
                    Locale.ROOT,
                    "%s, %s, round %d: %s %.0f %% of the time",
                    subject,
                    point,
                    number,
                    what,
                    share * 100));
        }
    }
}
