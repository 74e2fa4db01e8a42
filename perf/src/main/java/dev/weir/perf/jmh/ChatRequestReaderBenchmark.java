package dev.weir.perf.jmh;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.streams.dialect.ChatRequestReader;
import dev.weir.streams.dialect.ChatRequestReader.Read;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.util.ByteString;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A chat completion request, from its body's bytes to what Weir acts on: model, stream, bound of tokens, messages. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChatRequestReaderBenchmark {

    private static final int MAX_DEPTH = 100;
    private static final int MAX_TOKENS = 512;
    private static final String SENTENCE = "The weir holds the river back and lets it through, \\\"measured\\\".\\n";

    /** A first question, and a conversation that has run for a while. */
    @Param({"2", "40"})
    public int messages;

    private final ChatRequestReader reader = new ChatRequestReader(MAX_DEPTH);
    private final ObjectMapper mapper = new ObjectMapper();
    private byte[] body = {};

    @Setup
    public void write() {
        StringBuilder json = new StringBuilder("{\"model\":\"gpt-4o-mini\",\"messages\":[");
        for (int i = 0; i < messages; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("{\"role\":\"")
                    .append(i == 0 ? "system" : i % 2 == 0 ? "assistant" : "user")
                    .append("\",\"content\":\"")
                    .append(SENTENCE.repeat(3))
                    .append("\"}");
        }
        json.append("],\"temperature\":0.7,\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":")
                .append(MAX_TOKENS)
                .append(",\"user\":\"u-1\"}");
        body = json.toString().getBytes(UTF_8);
    }

    @Benchmark
    public long weir() {
        if (reader.read(ByteString.fromArrayUnsafe(body)) instanceof Read read) {
            Long most = read.request().maxOutput();
            return checked(
                    read.request().model(),
                    read.request().stream(),
                    most == null ? 0 : most,
                    read.request().messages());
        }
        throw new IllegalStateException("the body was refused");
    }

    @Benchmark
    public long baseline() throws IOException {
        JsonNode tree = mapper.readTree(body);
        return checked(
                tree.path("model").asText(),
                tree.path("stream").asBoolean(),
                tree.path("max_tokens").asLong(),
                tree.path("messages").size());
    }

    private long checked(String model, boolean stream, long most, int count) {
        if (!model.equals("gpt-4o-mini") || !stream || most != MAX_TOKENS || count != messages) {
            throw new IllegalStateException(model + ", " + stream + ", " + most + ", " + count);
        }
        return most;
    }
}
