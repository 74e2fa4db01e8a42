package dev.weir.perf.faults.judge;

import dev.weir.streams.mock.Sighting;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** What the mock saw of some models. A model's name begins with a letter and its number, of one digit. */
public final class Witnessed {

    private final List<Sighting> seen;

    private Witnessed(List<Sighting> seen) {
        this.seen = List.copyOf(seen);
    }

    /** Of the models with these numbers. */
    public static Witnessed of(List<Sighting> witness, int from, int to) {
        return new Witnessed(witness).where(sighting -> {
            int model = sighting.model().charAt(1) - '0';
            return model >= from && model <= to;
        });
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
        return seen.stream().mapToLong(each -> input(each) + each.tokens()).sum();
    }

    private long input(Sighting of) {
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
