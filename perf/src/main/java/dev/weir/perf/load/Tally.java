package dev.weir.perf.load;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** The figures of a load, kept by its one thread: counts of all calls, and of those that ended in the measured window. */
final class Tally {
    private static final long MAX_NANOS = 600_000_000_000L;
    private static final int DIGITS = 3;

    private final Map<Outcome, Long> all = new EnumMap<>(Outcome.class);
    private final Map<Outcome, Long> measured = new EnumMap<>(Outcome.class);
    private final Histogram latency = new Histogram(MAX_NANOS, DIGITS);
    private final Histogram firstToken = new Histogram(MAX_NANOS, DIGITS);
    private final Histogram gap = new Histogram(MAX_NANOS, DIGITS);
    private long measureFrom = Long.MAX_VALUE;
    private long measureUpTo = Long.MAX_VALUE;
    private long sent;
    private long promptTokens;
    private long completionTokens;

    void window(long from, long upTo) {
        measureFrom = from;
        measureUpTo = upTo;
    }

    void sent() {
        sent++;
    }

    /** A call has ended; the texts are the gaps of a stream that was right, the first of them its time to the first token. */
    void ended(Outcome outcome, long nanos, long now, long[] texts, int count) {
        all.merge(outcome, 1L, Long::sum);
        if (now < measureFrom || now >= measureUpTo) {
            return;
        }
        measured.merge(outcome, 1L, Long::sum);
        if (outcome != Outcome.OK) {
            return;
        }
        record(latency, nanos);
        for (int i = 0; i < count; i++) {
            record(i == 0 ? firstToken : gap, texts[i]);
        }
    }

    void usage(Completion completion) {
        promptTokens += completion.promptTokens();
        completionTokens += completion.completionTokens();
    }

    LoadResult result(LoadSettings settings) {
        return new LoadResult(
                settings.users(),
                settings.seconds(),
                sent,
                counts(all),
                counts(measured),
                promptTokens,
                completionTokens,
                LoadResult.Distribution.of(latency),
                LoadResult.Distribution.of(firstToken),
                LoadResult.Distribution.of(gap));
    }

    private static void record(Histogram histogram, long nanos) {
        histogram.recordValue(Math.min(nanos, MAX_NANOS));
    }

    private static Map<String, Long> counts(Map<Outcome, Long> counts) {
        Map<String, Long> named = new TreeMap<>();
        counts.forEach((outcome, count) -> named.put(outcome.name(), count));
        return named;
    }
}
