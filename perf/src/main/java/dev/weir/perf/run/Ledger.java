package dev.weir.perf.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/** The books of a gateway about one key, held against what the client got and the witness told. */
final class Ledger {
    private static final int LOOKS = 60;
    private static final long LOOK_MILLIS = 250;

    /** The prices of {@code weir-full.yaml}, in nano-USD. */
    private static final long PROMPT_NANOS = 1_000;

    private static final long COMPLETION_NANOS = 2_000;

    /** The admin API of the gateway. */
    @FunctionalInterface
    interface Admin {
        JsonNode get(String route) throws IOException, InterruptedException;
    }

    private final Admin admin;
    private final String key;

    Ledger(Admin admin, String key) {
        this.admin = admin;
        this.key = key;
    }

    /** What does not agree, once the ledger has had time to be written; empty when all does. */
    List<String> disagreements(long clientSuccesses, Mock.Totals witness) throws InterruptedException {
        List<String> found = look(clientSuccesses, witness);
        for (int look = 0; look < LOOKS && !found.isEmpty(); look++) {
            Thread.sleep(LOOK_MILLIS); // a process outside, there is nothing to be notified by
            found = look(clientSuccesses, witness);
        }
        return found;
    }

    List<String> look(long clientSuccesses, Mock.Totals witness) throws InterruptedException {
        List<String> found = new ArrayList<>();
        try {
            JsonNode rows =
                    admin.get("/spend/logs?summarize=true&api_key=" + key).path("attempts");
            if (!rows.isIntegralNumber()) {
                found.add("/spend/logs?summarize=true names no attempts");
            } else if (rows.asLong() != witness.requests() || rows.asLong() != clientSuccesses) {
                found.add("ledger rows " + rows.asLong() + ", witness " + witness.requests() + ", client "
                        + clientSuccesses);
            }
            long spent = nanos(admin.get("/key/info?key=" + key).path("info").path("spend"));
            long expected = witness.promptTokens() * PROMPT_NANOS + witness.completionTokens() * COMPLETION_NANOS;
            if (spent != expected) {
                found.add("spend " + spent + " nano-USD, by the witness " + expected);
            }
        } catch (IOException e) {
            found.add("the ledger cannot be read: " + e.getMessage());
        }
        return found;
    }

    private static long nanos(JsonNode dollars) {
        return dollars.decimalValue()
                .movePointRight(9)
                .setScale(0, RoundingMode.HALF_EVEN)
                .longValue();
    }
}
