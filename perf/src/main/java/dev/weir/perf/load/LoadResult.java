package dev.weir.perf.load;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What a load found, as it prints it.
 *
 * @param measuredSeconds of the measured window
 * @param sent calls that were written, in all phases
 * @param all outcomes of all phases by name
 * @param measured outcomes of the measured window by name
 * @param latency of the successful calls of the window, from the begin that was intended to the last byte read
 * @param firstToken of the streams of the window
 * @param gap between two tokens of the streams of the window; tokens that came in one read have a gap of zero
 * @param refusal how long a refusal took
 * @param seconds one after the other, from the start of the load
 * @param leavers of all phases
 */
public record LoadResult(
        double measuredSeconds,
        long sent,
        Map<String, Long> all,
        Map<String, Long> measured,
        Tokens tokens,
        Distribution latency,
        Distribution firstToken,
        Distribution gap,
        Distribution refusal,
        List<Second> seconds,
        List<Leaver> leavers) {

    public LoadResult {
        all = Map.copyOf(all);
        measured = Map.copyOf(measured);
        seconds = List.copyOf(seconds);
        leavers = List.copyOf(leavers);
    }

    /**
     * Of all phases.
     *
     * @param prompt that the usages of all successful calls named together
     * @param completion the same for output
     * @param delivered events with text that came, whatever became of their streams
     */
    public record Tokens(long prompt, long completion, long delivered) {}

    /** One second: how many calls ended in it and how, and the latencies of the successful in microseconds. */
    public record Second(long ok, long failed, long refused, double p50, double p99) {
        static final Second EMPTY = new Second(0, 0, 0, 0, 0);
    }

    /** A client that left: the number in its call's {@code user}, the tokens it had, and when it closed ({@link System#nanoTime()}). */
    public record Leaver(long number, int tokens, long nanos) {}

    /**
     * A distribution of times in microseconds.
     *
     * @param curve the value at each of {@link #PERCENTILES}
     * @param raw the histogram (nanoseconds, compressed, Base64) it was taken from
     */
    public record Distribution(
            long count,
            double min,
            double p50,
            double p90,
            double p99,
            double p999,
            double max,
            double mean,
            List<Double> curve,
            String raw) {

        /** Where {@link #curve} looks. */
        public static final List<Double> PERCENTILES =
                List.of(0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.8, 99.9, 99.95, 99.99, 100.0);

        public Distribution {
            curve = List.copyOf(curve);
        }

        static Distribution of(Histogram histogram) {
            return new Distribution(
                    histogram.getTotalCount(),
                    histogram.getTotalCount() == 0 ? 0 : micros(histogram.getMinValue()),
                    micros(histogram.getValueAtPercentile(50)),
                    micros(histogram.getValueAtPercentile(90)),
                    micros(histogram.getValueAtPercentile(99)),
                    micros(histogram.getValueAtPercentile(99.9)),
                    micros(histogram.getMaxValue()),
                    Math.round(histogram.getMean()) / 1000.0,
                    PERCENTILES.stream()
                            .map(at -> micros(histogram.getValueAtPercentile(at)))
                            .toList(),
                    raw(histogram));
        }

        /** Without the histogram, which is much longer than the rest. */
        public Distribution brief() {
            return new Distribution(count, min, p50, p90, p99, p999, max, mean, curve, "");
        }

        static double micros(long nanos) {
            return nanos / 1000.0;
        }

        private static String raw(Histogram histogram) {
            ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
            int length = histogram.encodeIntoCompressedByteBuffer(buffer);
            return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
        }
    }

    /** Without the histograms and the single leavers. */
    public LoadResult brief() {
        return new LoadResult(
                measuredSeconds,
                sent,
                all,
                measured,
                tokens,
                latency.brief(),
                firstToken.brief(),
                gap.brief(),
                refusal.brief(),
                seconds,
                List.of());
    }

    /** The count of one outcome in the measured window. */
    public long measured(Outcome outcome) {
        return measured.getOrDefault(outcome.name(), 0L);
    }

    /** The count of one outcome in all phases. */
    public long all(Outcome outcome) {
        return all.getOrDefault(outcome.name(), 0L);
    }

    /** Calls of all phases that were not right; whoever left is none of them, and neither are refusals that were expected. */
    public long failures(boolean refusalsExpected) {
        long total = all.values().stream().mapToLong(Long::longValue).sum();
        return total - all(Outcome.OK) - all(Outcome.LEFT) - (refusalsExpected ? all(Outcome.REFUSED) : 0);
    }

    /** Successful calls a second. */
    public double throughput() {
        return measured(Outcome.OK) / measuredSeconds;
    }
}
