package dev.weir.cluster.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShipperTest {

    private static final Shipper.Pace PACE = new Shipper.Pace(
            50, Duration.ofMillis(2), Duration.ofMillis(20), Duration.ofSeconds(5), Duration.ofMillis(50));

    @TempDir
    Path directory = Path.of("");

    private final Tables tables = tables();
    private final Moody moody = new Moody(tables.source());
    private final Ledger ledger = new Ledger(tables.source());
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger resumptions = new AtomicInteger();
    private final AtomicInteger shipped = new AtomicInteger();

    private final Shipper.Watch watch = new Shipper.Watch() {
        @Override
        public void shipped(int rows) {
            shipped.addAndGet(rows);
        }

        @Override
        public void failed(String why) {
            failures.incrementAndGet();
        }

        @Override
        public void resumed() {
            resumptions.incrementAndGet();
        }
    };

    private Shipper shipper(AttemptJournal journal) {
        return new Shipper(journal, moody.asDataSource(), InstantSource.system(), watch, PACE);
    }

    Tables tables() {
        return Tables.make();
    }

    private static void call(AttemptJournal journal, AttemptId id) {
        for (int tries = 0; !journal.begin(Attempts.begun(id, System.currentTimeMillis())); tries++) {
            assertThat(tries).describedAs("the journal stays full").isLessThan(20_000);
            LockSupport.parkNanos(500_000);
        }
        journal.end(Attempts.ended(id, 1 + id.call().sequence() % 9, System.currentTimeMillis()));
    }

    @Test
    void threadsThatWriteAtOnceLoseNothing() throws Exception {
        int threads = 6;
        int calls = 3_000;
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 128 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        shipper.start();
        List<Thread> loops = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            long mine = t;
            loops.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < calls; i++) {
                    call(journal, Attempts.id(mine, i));
                }
            }));
        }
        for (Thread loop : loops) {
            loop.join();
        }

        shipper.close();

        assertThat(tables.number("select count(*) from ledger")).isEqualTo(18_000);
        assertThat(tables.number("select count(*) from ledger where outcome <> 'completed'"))
                .isZero();
        assertThat(tables.spendByWho()).isEqualTo(tables.spendOfRows());
        assertThat(shipped.get()).isEqualTo(18_000);
        assertThat(journal.usedBytes()).isZero();
    }

    @Test
    void aStoreThatIsAwayCostsNoRowAndIsSaid() {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        shipper.start();
        moody.down(true);
        int begun = 0;
        while (journal.begin(Attempts.begun(Attempts.id(1, begun), System.currentTimeMillis()))) {
            journal.end(Attempts.ended(Attempts.id(1, begun++), 4, 1));
        }
        await().until(() -> shipper.degraded().isPresent());
        assertThat(shipper.degraded()).contains("no connection today");

        moody.live();
        long expected = begun;
        await().until(() -> tables.number("select count(*) from ledger") == expected);
        await().until(() -> shipper.degraded().isEmpty());

        assertThat(journal.begin(Attempts.begun(Attempts.id(2, 1), System.currentTimeMillis())))
                .isTrue();
        assertThat(failures.get()).isPositive();
        assertThat(resumptions.get()).isEqualTo(1);
        shipper.close();
    }

    @Test
    void aCommitWhoseAnswerIsLostIsNotRepeated() {
        moody.hidesEvery(3);
        theRowsAreRight();
    }

    @Test
    void aCommitThatIsLostIsRepeated() {
        moody.losesEvery(3);
        theRowsAreRight();
    }

    private void theRowsAreRight() {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        shipper.start();

        for (int i = 0; i < 400; i++) {
            call(journal, Attempts.id(1, i));
        }
        shipper.close();

        assertThat(failures.get()).isPositive();
        assertThat(tables.number("select count(*) from ledger")).isEqualTo(400);
        assertThat(tables.spendByWho()).isEqualTo(tables.spendOfRows());
        assertThat(shipped.get()).isEqualTo(400);
    }

    /** A store put back from a copy of before, in which some rows are there all the same. */
    @Test
    void aRowThatIsThereAlreadyStaysAsItIs() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        call(journal, Attempts.id(1, 1));
        shipper.ship();
        tables.run("update journal set read_to = 0, released = 0");
        call(journal, Attempts.id(1, 2));

        AttemptJournal again = AttemptJournal.ofCapacity(directory, 64 * 1024);
        shipper(again).recover();

        assertThat(tables.number("select count(*) from ledger")).isEqualTo(2);
        assertThat(tables.spendByWho()).isEqualTo(tables.spendOfRows());
    }

    @Test
    void aRecordThatWasDamagedStopsTheRowsAndIsSaidAndTheNextStartGoesOnBehindIt() throws Exception {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        call(journal, Attempts.id(1, 1));
        try (FileChannel file = FileChannel.open(directory.resolve(AttemptJournal.FILE), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[8]), 4096);
        }
        call(journal, Attempts.id(1, 2));
        shipper.start();

        await().until(() -> shipper.degraded().isPresent());
        assertThat(shipper.degraded().orElse("")).contains("cannot be read at 0");
        shipper.close();
        Shipper.Recovered recovered =
                shipper(AttemptJournal.ofCapacity(directory, 64 * 1024)).recover();

        assertThat(recovered).isEqualTo(new Shipper.Recovered(1, 0, 0));
        assertThat(ledger.attempts(LedgerQuery.ALL, 10, 0))
                .extracting(LedgerRow::id)
                .containsExactly(Attempts.id(1, 2));
    }

    @Test
    void anAttemptThatRunsForLongIsParkedAndCostsNothingUntilItEnds() {
        AttemptJournal journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper shipper = shipper(journal);
        shipper.recover();
        shipper.start();
        AttemptId slow = Attempts.id(1, 1);
        journal.begin(Attempts.begun(slow, System.currentTimeMillis()));

        await().until(() -> tables.number("select count(*) from open_attempt") == 1);
        long meanwhile = ledger.spendOf(Attempts.key(slow));
        journal.end(Attempts.ended(slow, 9, System.currentTimeMillis()));
        shipper.close();

        assertThat(meanwhile).isZero();
        assertThat(ledger.spendOf(Attempts.key(slow))).isEqualTo(9);
    }
}
