package dev.weir.perf.jmh;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weir.streams.sse.SseScanner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A stream of chat completion chunks, from its first read to its end; a figure is an event's share of it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SseScannerBenchmark {

    private static final int EVENTS = 64;
    private static final int SEGMENT = 1400;
    private static final int MAX_EVENT = 1 << 20;

    /** How the stream was cut into reads: an event each, or full segments that end anywhere. */
    @Param({"event", "segment"})
    public String reads = "";

    private List<byte[]> pieces = List.of();
    private int dataBytes;

    @Setup
    public void cut() {
        List<byte[]> events = new ArrayList<>();
        StringBuilder stream = new StringBuilder();
        for (int i = 0; i < EVENTS; i++) {
            String data = i == EVENTS - 1 ? "[DONE]" : chunk(i);
            String event = "data: " + data + "\n\n";
            dataBytes += data.length();
            stream.append(event);
            events.add(event.getBytes(UTF_8));
        }
        byte[] whole = stream.toString().getBytes(UTF_8);
        List<byte[]> segments = new ArrayList<>();
        for (int at = 0; at < whole.length; at += SEGMENT) {
            segments.add(Arrays.copyOfRange(whole, at, Math.min(at + SEGMENT, whole.length)));
        }
        pieces = reads.equals("event") ? events : segments;
    }

    private static String chunk(int number) {
        return """
                {"id":"chatcmpl-CfKq3Jd81mPrKxVYqQeoXb2fTz0aL","object":"chat.completion.chunk","created":1763650000,\
                "model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_560af6e559",\
                "choices":[{"index":0,"delta":{"content":" token%d"},"logprobs":null,"finish_reason":null}]}""".formatted(number);
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public int weir() {
        Seen seen = new Seen();
        SseScanner scanner = new SseScanner(MAX_EVENT);
        for (byte[] piece : pieces) {
            scanner.reserve(piece.length);
            System.arraycopy(piece, 0, scanner.target(), scanner.targetIndex(), piece.length);
            scanner.written(piece.length, seen);
        }
        scanner.finish(seen);
        return seen.checked(dataBytes);
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public int baseline() {
        Seen seen = new Seen();
        LineSplitter splitter = new LineSplitter(seen::data);
        for (byte[] piece : pieces) {
            splitter.read(piece);
        }
        return seen.checked(dataBytes);
    }

    /** What has been shown of a stream. */
    private static final class Seen implements SseScanner.Events {

        private int events;
        private int bytes;

        @Override
        public void event(byte[] all, int from, int to, byte[] data, int dataFrom, int dataTo) {
            events++;
            bytes += dataTo - dataFrom;
        }

        void data(String data) {
            events++;
            bytes += data.length();
        }

        int checked(int dataBytes) {
            if (events != EVENTS || bytes != dataBytes) {
                throw new IllegalStateException(events + " events of " + bytes + " bytes of data");
            }
            return bytes;
        }
    }
}
