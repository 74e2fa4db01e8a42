package dev.weir.perf.run;

import dev.weir.perf.load.LoadResult;
import dev.weir.perf.load.Outcome;
import dev.weir.perf.run.Scenario.Workload;
import dev.weir.perf.subject.Books;
import dev.weir.perf.subject.Mock;
import dev.weir.perf.subject.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What is found when a round is over, beside the load's own figures. */
final class Evidence {

    private Evidence() {}

    /** The witness must have told exactly the usage that the clients were told. */
    static List<String> witnessed(LoadResult client, Workload point, Mock.Totals witness) {
        if (client.failures(point.refusals()) > 0) {
            return List.of();
        }
        long right = client.all(Outcome.OK);
        long left = client.all(Outcome.LEFT);
        boolean agree = left == 0
                ? right == witness.complete()
                        && client.tokens().prompt() == witness.promptTokens()
                        && client.tokens().completion() == witness.completionTokens()
                : right <= witness.complete() && witness.complete() <= right + left;
        return agree
                ? List.of()
                : List.of("client " + right + " calls (" + left + " left), " + client.tokens() + ", but " + witness);
    }

    static GcLog pauses(Subject subject, long from, long upTo) throws IOException {
        Optional<Path> log = subject.gcLog().filter(Files::exists);
        return log.isPresent() ? GcLog.read(log.get()).between(from, upTo) : new GcLog(List.of());
    }

    static Round.Findings findings(
            Subject subject, Workload point, LoadResult result, Books books, Mock mock, GcLog log, long windowMillis)
            throws IOException, InterruptedException {
        Leaving leaving =
                result.leavers().isEmpty() ? new Leaving(List.of()) : Leaving.of(result.leavers(), mock::sightings);
        boolean left = leaving.count() > 0;
        boolean collected = !log.pauses().isEmpty();
        Double limit = subject.name().equals("weir") && point.keySettings().get("rpm_limit") instanceof Number number
                ? number.doubleValue()
                : null;
        double ok = result.all(Outcome.OK);
        return new Round.Findings(
                Double.isNaN(subject.readySeconds()) ? null : subject.readySeconds(),
                books.permitsLeaked(),
                books.unmetered(),
                limit == null ? null : Math.max(0, ok - limit),
                limit == null || result.all(Outcome.REFUSED) == 0 ? null : Math.max(0, limit - ok),
                left ? leaving.percentile(0.5) : null,
                left ? leaving.percentile(0.99) : null,
                left ? leaving.longest() : null,
                left ? (double) leaving.count() : null,
                collected
                        ? log.pauses().stream()
                                .mapToDouble(GcLog.Pause::millis)
                                .max()
                                .orElse(0)
                        : null,
                collected
                        ? log.pauses().stream().mapToDouble(GcLog.Pause::millis).sum() / windowMillis
                        : null,
                collected ? (double) log.pauses().getLast().heapBytes() : null);
    }
}
