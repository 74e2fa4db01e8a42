package dev.weir.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.config.AccessLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AccessLinesTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final AtomicInteger lost = new AtomicInteger();

    private static AccessLines.Line line(String id, @Nullable String model) {
        return new AccessLines.Line(
                1_700_000_000_007L,
                id,
                "POST",
                "/v1/chat/completions",
                200,
                "completed",
                "e3b0",
                null,
                null,
                model,
                "openai/one",
                true,
                1,
                12,
                34,
                false,
                5_600,
                61_000,
                60_500,
                null);
    }

    @Test
    void aLineIsOneObject(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("access.log");
        try (AccessLines lines = AccessLines.open(new AccessLog.ToFile(file), lost::incrementAndGet)) {
            lines.add(line("a\"b\\c\n", "größer 🙂"));
        }

        assertThat(Files.readString(file))
                .isEqualTo(
                        "{\"time\":\"2023-11-14T22:13:20.007Z\",\"request_id\":\"a\\\"b\\\\c\\n\",\"method\":\"POST\","
                                + "\"path\":\"/v1/chat/completions\",\"status\":200,\"outcome\":\"completed\",\"key\":\"e3b0\","
                                + "\"model\":\"größer \\uD83D\\uDE42\",\"deployment\":\"openai/one\",\"stream\":true,\"attempts\":1,"
                                + "\"prompt_tokens\":12,\"completion_tokens\":34,\"estimated\":false,\"spend_nanousd\":5600,"
                                + "\"duration_us\":61000,\"first_content_us\":60500}\n");
    }

    @Test
    void manyAreAllThereAndInOrder(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("access.log");
        try (AccessLines lines = AccessLines.open(new AccessLog.ToFile(file), lost::incrementAndGet)) {
            for (int i = 0; i < 20_000; i++) {
                lines.add(line("call-" + i, null));
            }
        }

        List<String> written = Files.readAllLines(file);
        assertThat(written).hasSize(20_000);
        assertThat(lost).hasValue(0);
        for (int i = 0; i < written.size(); i++) {
            assertThat(JSON.readTree(written.get(i)).get("request_id").textValue())
                    .isEqualTo("call-" + i);
        }
    }

    /** A disk that is full for a while. */
    private static final class Failing extends OutputStream {

        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private volatile boolean full;

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int from, int length) throws IOException {
            if (full) {
                throw new IOException("No space left on device");
            }
            written.write(bytes, from, length);
        }

        synchronized String text() {
            return written.toString(StandardCharsets.UTF_8);
        }
    }

    @Test
    void aLineAfterOneThatBrokeIsWhole() throws IOException {
        Failing disk = new Failing();
        disk.full = true;
        try (AccessLines lines = AccessLines.to(disk, lost::incrementAndGet)) {
            lines.add(line("broken", "m".repeat(200_000)));
            await().until(() -> lost.get() > 0);
            disk.full = false;
            lines.add(line("whole", "m"));
        }

        String[] written = disk.text().split("\n");
        JsonNode last = JSON.readTree(written[written.length - 1]);
        assertThat(last.get("request_id").textValue()).isEqualTo("whole");
    }
}
