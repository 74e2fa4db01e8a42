package dev.weir.perf.load;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** The figures of a load, kept by its one thread: counts of all calls, and of those that ended in the measured window. */
final class Tally {
    private static final long MAX_NANOS = 600_000_000_000L;
    private static final int DIGITS = 3;
    private static final int DIGITS_OF_A_SECOND = 2;
    private static final long SECOND = 1_000_000_000L;

    private final Map<Outcome, Long> all = new EnumMap<>(Outcome.class);
    private final Map<Outcome, Long> measured = new EnumMap<>(Outcome.class);
    private final Histogram latency = new Histogram(MAX_NANOS, DIGITS);
    private final Histogram firstToken = new Histogram(MAX_NANOS, DIGITS);
    private final Histogram gap = new Histogram(MAX_NANOS, DIGITS);
    private final Histogram refusal = new Histogram(MAX_NANOS, DIGITS);
    private final Histogram ofThisSecond = new Histogram(MAX_NANOS, DIGITS_OF_A_SECOND);
    private final List<LoadResult.Second> seconds = new ArrayList<>();
    private final List<LoadResult.Leaver> leavers = new ArrayList<>();
    private long measureFrom = Long.MAX_VALUE;
    private long measureUpTo = Long.MAX_VALUE;
    private long secondFrom;
    private long failedThisSecond;
    private long refusedThisSecond;
    private long sent;
    private long promptTokens;
    private long completionTokens;
    private long deliveredTexts;

    void window(long began, long from, long upTo) {
        secondFrom = began;
        measureFrom = from;
        measureUpTo = upTo;
    }

    void sent() {
        sent++;
    }

    void ended(Outcome outcome, long nanos, long now, long @Nullable [] texts) {
        ended(outcome, nanos, now, texts, 0);
    }

    /**
     * A call has ended.
     *
     * @param texts the gaps of a stream, the first of them its time to the first token; null when its times are of no interest
     */
    void ended(Outcome outcome, long nanos, long now, long @Nullable [] texts, int count) {
        all.merge(outcome, 1L, Long::sum);
        deliveredTexts += count;
        second(outcome, nanos, now);
        if (now < measureFrom || now >= measureUpTo) {
            return;
        }
        measured.merge(outcome, 1L, Long::sum);
        if (outcome == Outcome.REFUSED) {
            record(refusal, nanos);
        }
        if (outcome != Outcome.OK || texts == null) {
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

    /** The client of this call closes its connection now. */
    void left(long number, int tokens, long now) {
        leavers.add(new LoadResult.Leaver(number, tokens, now));
    }

    LoadResult result(LoadSettings settings) {
        return new LoadResult(
                settings.times().measured(),
                sent,
                counts(all),
                counts(measured),
                new LoadResult.Tokens(promptTokens, completionTokens, deliveredTexts),
                LoadResult.Distribution.of(latency),
                LoadResult.Distribution.of(firstToken),
                LoadResult.Distribution.of(gap),
                LoadResult.Distribution.of(refusal),
                seconds,
                leavers);
    }

    private void second(Outcome outcome, long nanos, long now) {
        if (now >= secondFrom + SECOND) {
            seconds.add(new LoadResult.Second(
                    ofThisSecond.getTotalCount(),
                    failedThisSecond,
                    refusedThisSecond,
                    LoadResult.Distribution.micros(ofThisSecond.getValueAtPercentile(50)),
                    LoadResult.Distribution.micros(ofThisSecond.getValueAtPercentile(99))));
            ofThisSecond.reset();
            failedThisSecond = 0;
            refusedThisSecond = 0;
            secondFrom += SECOND;
            for (; now >= secondFrom + SECOND; secondFrom += SECOND) {
                seconds.add(LoadResult.Second.EMPTY);
            }
        }
        switch (outcome) {
            case OK -> record(ofThisSecond, nanos);
            case REFUSED -> refusedThisSecond++;
            case LEFT -> {}
            default -> failedThisSecond++;
        }
    }

    private static void record(Histogram histogram, long nanos) {
        histogram.recordValue(Math.clamp(nanos, 0, MAX_NANOS));
    }

    private static Map<String, Long> counts(Map<Outcome, Long> counts) {
        Map<String, Long> named = new TreeMap<>();
        counts.forEach((outcome, count) -> named.put(outcome.name(), count));
        return named;
    }
}
