package dev.weir.perf.load;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What a load found, as it prints it.
 *
 * @param seconds of the measured window
 * @param sent calls that were written, in all phases
 * @param all outcomes of all phases by name
 * @param measured outcomes of the measured window by name
 * @param promptTokens that the usages of all successful calls named together
 * @param completionTokens the same for output
 * @param latency of the successful calls of the window, from the first byte written to the last one read
 * @param firstToken of the streams of the window
 * @param gap between two tokens of the streams of the window; tokens that came in one read have a gap of zero
 */
public record LoadResult(
        int users,
        double seconds,
        long sent,
        Map<String, Long> all,
        Map<String, Long> measured,
        long promptTokens,
        long completionTokens,
        Distribution latency,
        Distribution firstToken,
        Distribution gap) {

    /** A distribution of times in microseconds, and the histogram (nanoseconds, compressed, Base64) it was taken from. */
    public record Distribution(
            long count,
            double min,
            double p50,
            double p90,
            double p99,
            double p999,
            double max,
            double mean,
            String raw) {

        static Distribution of(Histogram histogram) {
            return new Distribution(
                    histogram.getTotalCount(),
                    micros(histogram.getMinValue()),
                    micros(histogram.getValueAtPercentile(50)),
                    micros(histogram.getValueAtPercentile(90)),
                    micros(histogram.getValueAtPercentile(99)),
                    micros(histogram.getValueAtPercentile(99.9)),
                    micros(histogram.getMaxValue()),
                    Math.round(histogram.getMean()) / 1000.0,
                    raw(histogram));
        }

        private static double micros(long nanos) {
            return nanos / 1000.0;
        }

        private static String raw(Histogram histogram) {
            ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
            int length = histogram.encodeIntoCompressedByteBuffer(buffer);
            return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
        }
    }

    /** The count of one outcome in the measured window. */
    public long measured(Outcome outcome) {
        return measured.getOrDefault(outcome.name(), 0L);
    }

    /** The count of one outcome in all phases. */
    public long all(Outcome outcome) {
        return all.getOrDefault(outcome.name(), 0L);
    }

    /** Calls of all phases that were not right. */
    public long failures() {
        return all.values().stream().mapToLong(Long::longValue).sum() - all(Outcome.OK);
    }

    /** Successful calls a second. */
    public double throughput() {
        return measured(Outcome.OK) / seconds;
    }
}
