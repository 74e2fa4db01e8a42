package dev.weir.perf.faults.judge;

import dev.weir.streams.mock.Sighting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What the mock saw of some models. A model's name is a letter and its number, before its first semicolon. */
public final class Witnessed {

    private final List<Sighting> seen;

    private Witnessed(List<Sighting> seen) {
        this.seen = List.copyOf(seen);
    }

    /** Of the models with these numbers. */
    public static Witnessed of(List<Sighting> witness, int from, int to) {
        return new Witnessed(witness).where(sighting -> {
            int model = number(sighting.model());
            return model >= from && model <= to;
        });
    }

    private static int number(String model) {
        int end = model.indexOf(';');
        return Integer.parseInt(model, 1, end < 0 ? model.length() : end, 10);
    }

    /** How many requests there were for each end user. */
    public Map<String, Long> requestsByUser() {
        return seen.stream().collect(Collectors.groupingBy(Sighting::user, TreeMap::new, Collectors.counting()));
    }

    public Witnessed where(Predicate<Sighting> which) {
        return new Witnessed(seen.stream().filter(which).toList());
    }

    public List<Sighting> sightings() {
        return seen;
    }

    public long requests() {
        return seen.size();
    }

    /** Input as the mock told it or, where it could not, as it told others; and the output that left the mock. */
    public long tokens() {
        return seen.stream().mapToLong(this::tokens).sum();
    }

    private long tokens(Sighting of) {
        return input(of) + of.tokens();
    }

    /** As the mock told it or, where it could not, the most that it told others. */
    public long input(Sighting of) {
        Sighting.Told told = of.told();
        return told != null
                ? told.promptTokens()
                : seen.stream()
                        .filter(each -> each.streamed() == of.streamed())
                        .map(Sighting::told)
                        .filter(Objects::nonNull)
                        .mapToLong(Sighting.Told::promptTokens)
                        .max()
                        .orElse(0);
    }

    /** From the first arrival to the last. */
    public long spanNanos() {
        LongSummaryStatistics arrivals =
                seen.stream().mapToLong(Sighting::arrivedNanos).summaryStatistics();
        return seen.isEmpty() ? 0 : arrivals.getMax() - arrivals.getMin();
    }

    /** The most that came within so much time. */
    public long mostTokensWithin(long nanos) {
        List<Sighting> inOrder = seen.stream()
                .sorted(Comparator.comparingLong(Sighting::arrivedNanos))
                .toList();
        long now = 0;
        long most = 0;
        int oldest = 0;
        for (Sighting each : inOrder) {
            now += tokens(each);
            while (each.arrivedNanos() - inOrder.get(oldest).arrivedNanos() >= nanos) {
                now -= tokens(inOrder.get(oldest));
                oldest++;
            }
            most = Math.max(most, now);
        }
        return most;
    }

    /** The most that there were at one moment. */
    public long atOnce() {
        List<long[]> moments = new ArrayList<>();
        for (Sighting sighting : seen) {
            moments.add(new long[] {sighting.arrivedNanos(), 1});
            moments.add(new long[] {sighting.endedNanos() == 0 ? Long.MAX_VALUE : sighting.endedNanos(), -1});
        }
        moments.sort(
                (one, other) -> one[0] != other[0] ? Long.compare(one[0], other[0]) : Long.compare(one[1], other[1]));
        long now = 0;
        long most = 0;
        for (long[] moment : moments) {
            now += moment[1];
            most = Math.max(most, now);
        }
        return most;
    }
}
