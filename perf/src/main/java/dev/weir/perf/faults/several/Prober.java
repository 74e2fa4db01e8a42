package dev.weir.perf.faults.several;

import dev.weir.perf.faults.callers.Callers;
import dev.weir.perf.faults.callers.Client;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Calls all the time with keys whose meters are all over the cluster and whose limits nobody comes near, to see how long each has no answer. */
final class Prober {

    private static final int LONGEST_PAUSE_MILLIS = 500;

    private final long seed;
    private final List<Callers> callers = new ArrayList<>();

    /** @param first the number of its first key, of {@code keys} */
    Prober(Client client, String model, int first, int keys, long seed) {
        this.seed = seed;
        for (int key = first; key < first + keys; key++) {
            Order order = new Order(key, model, "", false);
            callers.add(new Callers(client, seed + "p" + key + "-", random -> order, LONGEST_PAUSE_MILLIS));
        }
    }

    void start() {
        callers.forEach(each -> each.start(1, seed));
    }

    /** What was said until now. */
    List<Said> said() {
        return callers.stream().flatMap(each -> each.said().stream()).toList();
    }

    List<Said> stop() throws InterruptedException {
        callers.forEach(Callers::beginNoMore); // or each would be waited for in its turn
        List<Said> said = new ArrayList<>();
        for (Callers each : callers) {
            said.addAll(each.stop());
        }
        return said;
    }

    /**
     * The longest time for which a key had no answer, of those that began between two moments. When the first of them comes is
     * taken for an answer.
     *
     * @return seconds; infinite if a key never had one after the first moment
     */
    static double longestOutage(List<Said> said, long fromNanos, long toNanos) {
        Map<Integer, List<Said>> byKey = said.stream().collect(Collectors.groupingBy(Said::key));
        return byKey.values().stream()
                .mapToDouble(ofKey -> longestOutageOfKey(ofKey, fromNanos, toNanos))
                .max()
                .orElse(0);
    }

    private static double longestOutageOfKey(List<Said> said, long fromNanos, long toNanos) {
        long[] answered = said.stream()
                .filter(each -> each.admitted() && each.beganNanos() >= fromNanos)
                .mapToLong(Said::endedNanos)
                .sorted()
                .toArray();
        if (answered.length == 0) {
            return Double.POSITIVE_INFINITY;
        }
        long longest = 0;
        long last = fromNanos;
        for (int i = 0; i < answered.length && last < toNanos; i++) {
            longest = Math.max(longest, answered[i] - last);
            last = answered[i];
        }
        long end = said.stream().mapToLong(Said::endedNanos).max().orElse(last);
        return Math.max(longest, last < toNanos ? end - last : 0) / 1e9;
    }
}
