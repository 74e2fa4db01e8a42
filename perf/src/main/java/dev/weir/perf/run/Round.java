package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One measurement of one subject.
 *
 * @param number of the round, from 1
 * @param seconds between the two readings of the meters below
 * @param subjectMicros CPU of the subject's processes in that time; 0 when it has none
 * @param mockMicros the mock's
 * @param loadMicros the load's
 * @param machineMicros of everything on the machine
 * @param idleBytes resident memory of the subject before the round
 * @param residentBytes and at the end of the measured window
 * @param disagreements what witness, client and ledger did not agree on: the round is void unless it is empty
 */
public record Round(
        String subject,
        int number,
        LoadResult load,
        double seconds,
        long subjectMicros,
        long mockMicros,
        long loadMicros,
        long machineMicros,
        long idleBytes,
        long residentBytes,
        List<String> disagreements) {
    private static final double BUSY = 0.9;
    private static final double DISTURBED = 0.1;

    public Round {
        disagreements = List.copyOf(disagreements);
    }

    /** CPU per successful call, in microseconds. */
    double perCall(long micros) {
        long calls = load.measured(Outcome.OK);
        return calls == 0 ? Double.NaN : (double) micros / calls;
    }

    /** What limited or disturbed this round other than the subject, if anything did. */
    List<String> bottlenecks(int mockLoops, int cores) {
        List<String> found = new ArrayList<>();
        busy("the load's loop was busy", loadMicros, 1, BUSY, found);
        busy("the mock was busy", mockMicros, mockLoops, BUSY, found);
        busy("the machine was busy", machineMicros, cores, BUSY, found);
        busy("others had the machine", others(), cores, DISTURBED, found);
        return found;
    }

    private long others() {
        return Math.max(0, machineMicros - subjectMicros - mockMicros - loadMicros);
    }

    private void busy(String what, long micros, int cores, double limit, List<String> found) {
        double share = micros / (seconds * 1e6 * cores);
        if (share >= limit) {
            found.add(String.format(
                    Locale.ROOT, "%s, round %d: %s %.0f %% of the time", subject, number, what, share * 100));
        }
    }
}
