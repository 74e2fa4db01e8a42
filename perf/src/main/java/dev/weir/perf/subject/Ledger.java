package dev.weir.perf.subject;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.Outcome;
import java.io.IOException;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The books of Weir about one key, held against what the client got and the witness told. */
final class Ledger {
    static final String AUTHORIZATION = "authorization: Bearer ";

    private static final int LOOKS = 60;
    private static final long LOOK_MILLIS = 250;
    private static final long METRICS_MILLIS = 1_500;
    private static final Pattern IN_USE = Pattern.compile("(?m)^weir_pool_in_use\\{[^}]*} ([0-9.E]+)$");

    /** The prices of {@code weir-full.yaml}, in nano-USD. */
    private static final long PROMPT_NANOS = 1_000;

    private static final long COMPLETION_NANOS = 2_000;

    /** The admin API of the gateway. */
    @FunctionalInterface
    interface Admin {
        JsonNode get(String route) throws IOException, InterruptedException;
    }

    /** Its metrics as text. */
    @FunctionalInterface
    interface Metrics {
        String read() throws IOException, InterruptedException;
    }

    private final Admin admin;
    private final Metrics metrics;
    private final String key;

    Ledger(Admin admin, Metrics metrics, Subject.Access access) {
        this.admin = admin;
        this.metrics = metrics;
        this.key = access.headers().getFirst().substring(AUTHORIZATION.length());
    }

    /** What they say, once they have had time to be written. */
    Books books(LoadResult client, Mock.Totals witness) throws InterruptedException {
        Thread.sleep(METRICS_MILLIS); // what they say now may be from before the load
        Books books = look(client, witness);
        for (int i = 0; i < LOOKS && !areClean(books); i++) {
            Thread.sleep(LOOK_MILLIS); // a process outside, there is nothing to be notified by
            books = look(client, witness);
        }
        return books;
    }

    private static boolean areClean(Books books) {
        return books.disagreements().isEmpty() && Double.valueOf(0).equals(books.permitsLeaked());
    }

    Books look(LoadResult client, Mock.Totals witness) throws InterruptedException {
        List<String> found = new ArrayList<>();
        double unmetered = 0;
        double permits = 0;
        try {
            JsonNode sum = admin.get("/spend/logs?summarize=true&api_key=" + key);
            JsonNode rows = sum.path("attempts");
            long metered = sum.path("completion_tokens").asLong();
            unmetered = Math.max(0.0, (double) (client.tokens().completion() - metered));
            if (!rows.isIntegralNumber()) {
                found.add("/spend/logs?summarize=true names no attempts");
            } else if (rows.asLong() != witness.requests()) {
                found.add("ledger rows " + rows.asLong() + ", witness " + witness.requests());
            }
            JsonNode info = admin.get("/key/info?key=" + key).path("info");
            long spent = nanos(info.path("spend"));
            if (client.all(Outcome.LEFT) == 0 && client.failures(true) == 0) {
                spent(
                        spent,
                        witness.promptTokens() * PROMPT_NANOS + witness.completionTokens() * COMPLETION_NANOS,
                        found);
            } else {
                unmetered = Math.max(unmetered, (double) (client.tokens().delivered() - metered));
                if (metered > Math.max(witness.tokens(), witness.completionTokens())) {
                    found.add("ledger " + metered + " tokens, but the witness sent " + witness.tokens());
                }
            }
            long held = nanos(info.path("held"));
            if (held != 0) {
                found.add("held " + held + " nano-USD when nobody calls");
            }
            permits = permits(metrics.read());
        } catch (IOException e) {
            found.add("the ledger cannot be read: " + e.getMessage());
        }
        return new Books(found, permits, unmetered);
    }

    private static void spent(long spent, long expected, List<String> found) {
        if (spent != expected) {
            found.add("spend " + spent + " nano-USD, by the witness " + expected);
        }
    }

    private static double permits(String metrics) {
        return IN_USE.matcher(metrics)
                .results()
                .mapToDouble(gauge -> Double.parseDouble(gauge.group(1)))
                .sum();
    }

    private static long nanos(JsonNode dollars) {
        return dollars.isNumber()
                ? dollars.decimalValue()
                        .movePointRight(9)
                        .setScale(0, RoundingMode.HALF_EVEN)
                        .longValue()
                : 0;
    }
}
