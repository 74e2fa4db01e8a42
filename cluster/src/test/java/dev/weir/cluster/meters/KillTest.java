package dev.weir.cluster.meters;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.MeterView;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real processes and {@code kill -9}: the one place here where real time passes. */
final class KillTest {

    private static final int ROUNDS = 3;

    @TempDir
    Path directory = Path.of("");

    /** One; as many as {@code -Dweir.kill.runs} says, each with other moments. */
    static LongStream seeds() {
        return LongStream.range(42, 42 + Integer.getInteger("weir.kill.runs", 1));
    }

    @ParameterizedTest(name = "moments of seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatWasAcknowledgedIsThereAfterEveryKill(long seed) throws Exception {
        Random random = new Random(seed);
        List<String> acknowledged = new ArrayList<>();

        for (int round = 0; round < ROUNDS; round++) {
            acknowledged.addAll(runAndKill(random.nextInt(600)));
        }

        long created =
                acknowledged.stream().filter(line -> line.startsWith("created")).count();
        long spent = 130
                * acknowledged.stream().filter(line -> line.startsWith("spent")).count();
        assertThat(created).isPositive();
        assertThat(spent).isPositive();
        try (NodeTest.Running node = NodeTest.Running.start(directory)) {
            for (String line : acknowledged) {
                if (line.startsWith("created ")) {
                    assertThat(NodeTest.get(node.meters().inspect(line.substring("created ".length()))))
                            .isInstanceOf(AdminReply.Done.class);
                }
            }
            MeterView view = ((AdminReply.Done) NodeTest.get(node.meters().inspect(KilledNode.SPENDER))).meter();
            assertThat(view.standings().get(1).committed()).isGreaterThanOrEqualTo(spent);
        }
    }

    /** What the process said until it was killed, some milliseconds after it was ready. */
    private List<String> runAndKill(long millis) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledNode.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader said = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            String line = said.readLine();
            while (line != null && !line.equals("ready")) {
                line = said.readLine();
            }
            assertThat(line).isEqualTo("ready");
            process.onExit()
                    .completeOnTimeout(process, millis, TimeUnit.MILLISECONDS)
                    .join();
            process.toHandle().destroyForcibly(); // of a process it would close the pipe with what was said last
            List<String> all = said.lines().toList();
            process.waitFor();
            return all;
        }
    }
}
