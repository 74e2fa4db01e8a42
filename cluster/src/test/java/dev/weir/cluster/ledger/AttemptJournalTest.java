package dev.weir.cluster.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AttemptJournalTest {

    private static final Shipper.Pace PACE =
            new Shipper.Pace(1000, Duration.ofMillis(5), Duration.ofDays(1), Duration.ZERO, Duration.ZERO);

    @TempDir
    Path directory = Path.of("");

    private final Tables tables = Tables.make();
    private final Ledger ledger = new Ledger(tables.source());

    private Shipper shipper(AttemptJournal journal) {
        return new Shipper(journal, tables.source(), InstantSource.system(), Shipper.Watch.NONE, PACE);
    }

    @Test
    void nothingBeginsBeforeRecoveryOrAfterTheClose() {
        AttemptJournal journal = AttemptJournal.open(directory, AttemptJournal.LEAST_BYTES);
        boolean before = journal.begin(Attempts.begun(Attempts.id(1, 1), 0));
        shipper(journal).recover();
        boolean recovered = journal.begin(Attempts.begun(Attempts.id(1, 2), 0));
        journal.close();

        boolean after = journal.begin(Attempts.begun(Attempts.id(1, 3), 0));

        assertThat(List.of(before, recovered, after)).containsExactly(false, true, false);
        assertThat(journal.refusals()).isEqualTo(2);
    }

    @Test
    void aFullJournalRefusesABeginningAndNeverAnEnd() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        List<AttemptId> begun = new ArrayList<>();
        AttemptId next = Attempts.id(1, 1);
        while (journal.begin(Attempts.begun(next, 0))) {
            begun.add(next);
            next = Attempts.id(1, begun.size() + 1);
        }
        assertThat(begun).hasSizeGreaterThan(100);
        assertThat(journal.usedBytes()).isLessThanOrEqualTo(journal.capacity());

        Collections.shuffle(begun, new java.util.Random(1));
        begun.forEach(id -> journal.end(Attempts.ended(id, 11, 1)));
        boolean stillFull = journal.begin(Attempts.begun(next, 0));
        shipper.ship();

        assertThat(stillFull).isFalse();
        assertThat(ledger.attempts(LedgerQuery.ALL, 10_000, 0))
                .hasSameSizeAs(begun)
                .allSatisfy(row -> assertThat(row.nanoUsd()).isEqualTo(11));
        assertThat(journal.usedBytes()).isZero();
        assertThat(journal.begin(Attempts.begun(next, 0))).isTrue();
    }

    /** Otherwise one stream of an hour would keep an hour of everybody's records. */
    @Test
    void anAttemptThatRunsForLongDoesNotFillTheJournal() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        AttemptId slow = Attempts.id(1, 0);
        assertThat(journal.begin(Attempts.begun(slow, 0))).isTrue();

        for (int i = 1; i <= 2_000; i++) {
            AttemptId quick = Attempts.id(1, i);
            assertThat(journal.begin(Attempts.begun(quick, 0))).isTrue();
            journal.end(Attempts.ended(quick, 1, 1));
            if (i % 20 == 0) {
                shipper.ship();
            }
        }
        long parked = tables.number("select count(*) from open_attempt");
        journal.end(Attempts.ended(slow, 77, 9));
        shipper.ship();

        assertThat(parked).isEqualTo(1);
        assertThat(tables.number("select count(*) from open_attempt")).isZero();
        assertThat(ledger.attempts(LedgerQuery.ALL, 10_000, 0)).hasSize(2_001);
        assertThat(ledger.spendOf(Attempts.key(slow)))
                .isEqualTo(tables.spendOfRows().get(Attempts.key(slow)));
    }

    @Test
    void aSecondEndIsIgnoredAndASecondBeginningIsABug() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        AttemptId id = Attempts.id(1, 1);
        journal.begin(Attempts.begun(id, 0));
        assertThatThrownBy(() -> journal.begin(Attempts.begun(id, 0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("attempt 1-1.1 begins twice");
        journal.end(Attempts.ended(id, 5, 1));
        journal.end(Attempts.ended(id, 6, 1));

        shipper.ship();

        assertThat(ledger.spendOf(Attempts.key(id))).isEqualTo(5);
        assertThat(journal.usedBytes()).isZero();
    }

    @Test
    void longAndOddTextsAreCutAndComeBackReadable() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 256 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        AttemptId id = Attempts.id(-1, Long.MIN_VALUE);
        String odd = "a\u0000\ud800\n\"';--\u00e9\u20ac\ud83d\ude00";
        List<String> tags = new ArrayList<>(Collections.nCopies(300, odd));
        tags.add(0, "\u20ac".repeat(5_000));
        AttemptBegun begun = new AttemptBegun(
                id,
                "\u20ac".repeat(5_000),
                "f".repeat(64),
                "x" + "\ud83d\ude00".repeat(5_000),
                odd,
                "",
                "\u0000".repeat(100),
                false,
                new Need(1, Long.MAX_VALUE, Long.MAX_VALUE, 1, false),
                0,
                null,
                odd,
                odd,
                odd.repeat(1_000),
                tags);
        assertThat(journal.begin(begun)).isTrue();
        journal.end(new AttemptEnded(
                id,
                Outcome.TIMED_OUT,
                0,
                new Usage(1, 2, 3, 4, 5, 6, Long.MAX_VALUE),
                true,
                Long.MAX_VALUE,
                false,
                1,
                0));

        shipper.ship();

        LedgerRow row = ledger.attempts(LedgerQuery.ALL, 1, 0).getFirst();
        assertThat(row.id()).isEqualTo(id);
        assertThat(AttemptId.parse(row.id().toString())).isEqualTo(id);
        assertThat(row.requestId()).isEqualTo("\u20ac".repeat(1024));
        assertThat(row.model()).isEqualTo("x" + "\ud83d\ude00".repeat(127));
        assertThat(row.modelGroup()).isEqualTo("a\ufffd\ufffd\n\"';--\u00e9\u20ac\ud83d\ude00");
        assertThat(row.provider()).isEqualTo("\ufffd".repeat(64));
        assertThat(row.teamId()).isNull();
        assertThat(row.endUser()).hasSize(1024);
        assertThat(row.tags()).hasSize(Scratch.MOST_TAGS);
        assertThat(row.nanoUsd()).isEqualTo(Scratch.MOST_AMOUNT);
        assertThat(row.usage()).isEqualTo(new Usage(1, 2, 3, 4, 5, 6, Scratch.MOST_AMOUNT));
    }

    @Test
    void theLargestRecordFitsItsRoom() {
        String wide = "\u20ac".repeat(3_000);
        Scratch record = new Scratch()
                .put(new AttemptBegun(
                        Attempts.id(1, 1),
                        wide,
                        wide,
                        wide,
                        wide,
                        wide,
                        wide,
                        true,
                        Need.NONE,
                        0,
                        wide,
                        wide,
                        wide,
                        wide,
                        Collections.nCopies(100, wide)));

        assertThat(record.length()).isBetween(16_500, Scratch.MOST);
    }

    @Test
    void anotherSizeIsTakenWhenTheFileHasBeenRecovered() throws Exception {
        AttemptJournal small = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper first = shipper(small);
        first.recover();
        small.begin(Attempts.begun(Attempts.id(1, 1), 0));

        AttemptJournal large = AttemptJournal.ofCapacity(directory, 128 * 1024);
        Shipper second = shipper(large);
        Shipper.Recovered recovered = second.recover();
        large.begin(Attempts.begun(Attempts.id(2, 1), 0));
        large.end(Attempts.ended(Attempts.id(2, 1), 3, 1));
        second.ship();

        assertThat(recovered).isEqualTo(new Shipper.Recovered(0, 1, 0));
        assertThat(large.capacity()).isEqualTo(Ring.capacityOf(128 * 1024)).isGreaterThan(small.capacity());
        assertThat(shipper(AttemptJournal.ofCapacity(directory, 128 * 1024)).recover())
                .isEqualTo(new Shipper.Recovered(0, 0, 0));
        assertThat(ledger.attempts(LedgerQuery.ALL, 10, 0)).hasSize(2);
    }

    /** What is shipped is written over first: the process has the pages of what is under way, and not of all the file. */
    @Test
    void aJournalThatIsEmptiedInTimeStaysAtItsBeginning() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 640 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        for (int i = 1; i <= 4_000; i++) {
            journal.begin(Attempts.begun(Attempts.id(1, i), 0));
            journal.end(Attempts.ended(Attempts.id(1, i), 1, 1));
            if (i % 20 == 0) {
                shipper.ship();
            }
        }

        assertThat(journal.head()).isGreaterThan(1_000_000);
        byte[] file = Files.readAllBytes(directory.resolve(AttemptJournal.FILE));
        assertThat(Arrays.copyOfRange(file, 4_096 + 3 * 10 * 1024, file.length)).containsOnly(0);
        assertThat(ledger.attempts(LedgerQuery.ALL, 10_000, 0)).hasSize(4_000);
        Ring reopened = AttemptJournal.ofCapacity(directory, 640 * 1024).ring();
        assertThat(reopened.has(journal.head() - 1_000, journal.head())).isTrue();
        assertThat(reopened.has(0, journal.head()))
                .as("what a store would miss that was put back from a copy")
                .isFalse();
    }

    @Test
    void aJournalOfAnotherStoreIsNotMixedIn() {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        shipper(journal).recover();
        journal.begin(Attempts.begun(Attempts.id(1, 1), 0));
        tables.clear();

        assertThatThrownBy(() ->
                        shipper(AttemptJournal.ofCapacity(directory, 64 * 1024)).recover())
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("attempts of another store");
    }

    @Test
    void whatIsNoJournalIsNotWrittenOver() throws Exception {
        Files.writeString(directory.resolve(AttemptJournal.FILE), "x".repeat(10_000));

        assertThatThrownBy(() -> AttemptJournal.open(directory, 1_000_000))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("does not know");
        assertThatThrownBy(() -> AttemptJournal.open(directory, 10))
                .hasMessageContaining("journal_bytes: 10 (expected");
    }
}
