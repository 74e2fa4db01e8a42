package dev.weir.cluster.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cluster.store.Database;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real processes and {@code kill -9}: the one place here where real time passes. */
final class KillTest {

    private static final int ROUNDS = 5;

    @TempDir
    Path directory = Path.of("");

    /** One; as many as {@code -Dweir.kill.runs} says, each with other moments. */
    static LongStream seeds() {
        return LongStream.range(7, 7 + Integer.getInteger("weir.kill.runs", 1));
    }

    @ParameterizedTest(name = "moments of seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void everyAttemptThatWasTakenHasOneRowAfterEveryKill(long seed) throws Exception {
        Random random = new Random(seed);
        Map<AttemptId, Boolean> taken = new HashMap<>();

        for (int round = 0; round < ROUNDS; round++) {
            for (String line : runAndKill(random.nextInt(700))) {
                taken.merge(AttemptId.parse(line.substring(6)), line.startsWith("ended"), Boolean::logicalOr);
            }
        }

        assertThat(taken).hasSizeGreaterThan(1_000);
        try (Database database = Database.open(directory)) {
            AttemptJournal journal = AttemptJournal.open(directory, AttemptJournal.LEAST_BYTES);
            new Shipper(journal, database.writing(), InstantSource.system(), Shipper.Watch.NONE).recover();
            Tables tables = Tables.of(database.reading());
            Map<AttemptId, LedgerRow> rows = rows(new Ledger(database.reports()));

            assertThat(rows.keySet()).containsAll(taken.keySet());
            assertThat(rows.size() - taken.size()).isBetween(0, ROUNDS * KilledDoor.THREADS);
            taken.forEach((id, ended) -> assertThat(rows.get(id))
                    .describedAs("%s ended %s", id, ended)
                    .matches(row -> row != null && (ended ? isWhole(row) : isWhole(row) || isLost(row))));
            assertThat(tables.spendByWho()).isEqualTo(tables.spendOfRows());
            assertThat(tables.number("select count(*) from open_attempt")).isZero();
        }
    }

    private static boolean isWhole(LedgerRow row) {
        return row.outcome().equals("completed")
                && row.nanoUsd() == row.id().call().sequence();
    }

    private static boolean isLost(LedgerRow row) {
        return row.outcome().equals("lost") && row.nanoUsd() == Attempts.HELD_NANO && row.estimated();
    }

    private static Map<AttemptId, LedgerRow> rows(Ledger ledger) {
        Map<AttemptId, LedgerRow> rows = new HashMap<>();
        List<LedgerRow> page = ledger.attempts(LedgerQuery.ALL, Ledger.MOST_ROWS, 0);
        while (!page.isEmpty()) {
            page.forEach(row -> rows.put(row.id(), row));
            page = ledger.attempts(LedgerQuery.ALL, Ledger.MOST_ROWS, rows.size());
        }
        return rows;
    }

    /** What the process said until it was killed, some milliseconds after it was ready. */
    private List<String> runAndKill(long millis) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledDoor.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> said = new ArrayList<>();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            String line = reader.readLine();
            while (line != null && !line.equals("ready")) {
                line = reader.readLine();
            }
            assertThat(line).isEqualTo("ready");
            CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS)
                    .execute(() -> process.toHandle().destroyForcibly());
            StringBuilder rest = new StringBuilder();
            char[] some = new char[8192];
            for (int n = reader.read(some); n >= 0; n = reader.read(some)) {
                rest.append(some, 0, n);
            }
            // A last line without its end was not said.
            rest.setLength(rest.lastIndexOf("\n") + 1);
            rest.toString().lines().forEach(said::add);
        }
        process.waitFor();
        return said;
    }
}
