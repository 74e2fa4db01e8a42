package dev.weir.perf.jmh;

/** A piece of the hot path that is measured by itself. */
enum Piece {
    SSE_SCANNER(
            SseScannerBenchmark.class,
            "SSE scanner, an event of 300 bytes",
            "decoding each read, splitting it into lines, data as `String`s"),
    REQUEST_READER(ChatRequestReaderBenchmark.class, "request reader, a body", "Jackson's `ObjectMapper.readTree`"),
    METER(
            MeterBenchmark.class,
            "meter, admission and settlement of a call",
            "Bucket4j: a bucket per limit and a counter of slots in a map by key, no messages, nothing durable"),
    CALL_SERIALIZER(CallSerializerBenchmark.class, "serializer, a message there and back", "Pekko's jackson-cbor");

    private final Class<?> benchmark;
    private final String title;
    private final String baseline;

    Piece(Class<?> benchmark, String title, String baseline) {
        this.benchmark = benchmark;
        this.title = title;
        this.baseline = baseline;
    }

    /** What JMH names its benchmarks by. */
    String className() {
        return benchmark.getName();
    }

    String title() {
        return title;
    }

    String baseline() {
        return baseline;
    }
}
