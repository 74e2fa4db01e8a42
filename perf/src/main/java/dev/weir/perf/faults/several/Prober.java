package dev.weir.perf.faults.several;

import dev.weir.perf.faults.callers.Callers;
import dev.weir.perf.faults.callers.Client;
import dev.weir.perf.faults.callers.Order;
import dev.weir.perf.faults.callers.Said;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Calls all the time with keys without limits, whose meters are all over the cluster, to see how long each has no answer. */
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
        List<Said> said = new ArrayList<>();
        for (Callers each : callers) {
            said.addAll(each.stop());
        }
        return said;
    }

    /**
     * How long it took until every key had an answer again.
     *
     * @param nanos when something happened
     * @return seconds, of the key for which it took longest; infinite if one never had
     */
    static double recovery(List<Said> said, long nanos) {
        Map<Integer, Long> first = new TreeMap<>();
        for (Said each : said) {
            first.putIfAbsent(each.key(), Long.MAX_VALUE);
            if (each.admitted() && each.beganNanos() >= nanos) {
                first.merge(each.key(), each.endedNanos() - nanos, Math::min);
            }
        }
        long longest = first.values().stream().mapToLong(Long::longValue).max().orElse(0);
        return longest == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : longest / 1e9;
    }
}
