package dev.weir.cluster.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Outcome;
import dev.weir.cluster.store.StoreException;
import dev.weir.config.price.Usage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LostHoldsTest {

    private static final long NOW = 1_000_000;
    private static final long DOOR = 7;
    static final InstantSource CLOCK = () -> Instant.ofEpochMilli(NOW);
    private static final Shipper.Pace PACE =
            new Shipper.Pace(50, Duration.ofMillis(2), Duration.ofSeconds(10), Duration.ZERO, Duration.ofDays(1));

    @TempDir
    Path directory = Path.of("");

    final Tables tables = tables();
    final Moody moody = new Moody(tables.source());
    final LostHolds lost = new LostHolds(moody.asDataSource(), CLOCK);
    final AtomicInteger failures = new AtomicInteger();
    private final Ledger ledger = new Ledger(tables.source());
    private @Nullable AttemptJournal journal;

    Tables tables() {
        return Tables.make();
    }

    /** The node's process, before anything was lost. */
    Shipper door() {
        return door(tables.source());
    }

    Shipper door(DataSource source) {
        journal = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper.Watch watch = new Shipper.Watch() {
            @Override
            public void failed(String why) {
                failures.incrementAndGet();
            }
        };
        Shipper shipper = new Shipper(journal, source, CLOCK, watch, PACE);
        shipper.recover();
        shipper.carries(DOOR);
        return shipper;
    }

    /** The node's process starts once more, over the file as it is. */
    private Shipper.Recovered recover() {
        AttemptJournal again = AttemptJournal.ofCapacity(directory, 64 * 1024);
        return new Shipper(again, tables.source(), CLOCK, Shipper.Watch.NONE, PACE).recover();
    }

    private AttemptJournal journal() {
        if (journal == null) {
            throw new IllegalStateException("no door");
        }
        return journal;
    }

    static AttemptId attempt(long call, int number) {
        return new AttemptId(new HoldId(DOOR, call), number);
    }

    static LostHold hold(long call) {
        return hold(call, 200, 9_000);
    }

    private static LostHold hold(long call, long tokens, long nanoUsd) {
        AttemptBegun like = Attempts.begun(attempt(call, 1), 0);
        return new LostHold(
                like.id().call(),
                like.keyHash(),
                "gpt-4o",
                tokens,
                nanoUsd,
                like.teamId(),
                like.userId(),
                like.organizationId(),
                like.endUser(),
                0);
    }

    void begin(AttemptId id) {
        assertThat(journal().begin(Attempts.begun(id, NOW))).isTrue();
    }

    void end(AttemptId id, long nanoUsd) {
        journal().end(Attempts.ended(id, nanoUsd, NOW + 1));
    }

    List<String> rows() {
        assertThat(tables.spendByWho()).isEqualTo(tables.spendOfRows());
        return ledger.attempts(LedgerQuery.ALL, 100, 0).stream()
                .map(row -> row.id() + " " + row.outcome() + " " + row.nanoUsd() + (row.provisional() ? " ?" : ""))
                .sorted()
                .toList();
    }

    @Test
    void aLostHoldIsARowThatSaysSo() {
        int written = lost.write(List.of(hold(1)));

        LedgerRow row = ledger.calls(LedgerQuery.ALL, 10, 0).getFirst();
        assertThat(written).isEqualTo(1);
        assertThat(rows()).containsExactly("7-1.1 lost 9000 ?");
        assertThat(row.usage()).isEqualTo(Usage.ofText(200, 0));
        assertThat(row.started()).isEqualTo(Instant.ofEpochMilli(NOW));
        assertThat(row.render())
                .containsEntry("provisional", true)
                .containsEntry("usage_source", "estimated")
                .containsEntry("model_group", "gpt-4o")
                .containsEntry("team_id", "team")
                .containsEntry("end_user", "customer");
        assertThat(tables.spendByWho())
                .isEqualTo(Map.of("key1", 9_000L, "team/team", 9_000L, "organization/organization", 9_000L));
    }

    @Test
    void aHoldThatIsWrittenAgainHasOneRow() {
        int first = lost.write(List.of(hold(1), hold(1), hold(2)));

        int again = lost.write(List.of(hold(2), hold(1)));

        assertThat(List.of(first, again)).containsExactly(2, 0);
        assertThat(rows()).containsExactly("7-1.1 lost 9000 ?", "7-2.1 lost 9000 ?");
    }

    @Test
    void aWriteOfUnknownOutcomeIsSaidAndMayBeRepeated() {
        moody.hidesEvery(1);

        assertThatThrownBy(() -> lost.write(List.of(hold(1))))
                .isInstanceOf(StoreException.class)
                .hasMessage("1 provisional rows cannot be written: the answer to the commit was lost");
        moody.hidesEvery(0);

        assertThat(lost.write(List.of(hold(1)))).isZero();
        assertThat(rows()).containsExactly("7-1.1 lost 9000 ?");
    }

    @Test
    void ofSeveralThatWriteAtOnceEachHoldHasOneRow() throws Exception {
        door();

        oneRowEach(LongStream.range(0, 100).mapToObj(LostHoldsTest::hold).toList());
    }

    /** Nothing that they could wait for each other at. */
    @Test
    void ofSeveralThatWriteAtOnceOfANodeWithoutAJournalEachHoldHasOneRow() throws Exception {
        oneRowEach(LongStream.range(0, 100).mapToObj(LostHoldsTest::strange).toList());
    }

    private void oneRowEach(List<LostHold> holds) throws Exception {
        List<Integer> written = atOnce(4, writer -> writer % 2 == 0 ? holds : holds.reversed());

        assertThat(written.stream().mapToInt(Integer::intValue).sum()).isEqualTo(holds.size());
        assertThat(rows()).hasSameSizeAs(holds).allMatch(row -> row.endsWith(" lost 9000 ?"));
    }

    /** Of a node that never said which journal it has. */
    static LostHold strange(long call) {
        LostHold like = hold(call);
        return new LostHold(new HoldId(8, call), like.keyHash(), "m", 200, 9_000, null, null, null, null, 5);
    }

    private interface Holds {
        List<LostHold> of(int writer);
    }

    private List<Integer> atOnce(int writers, Holds holds) throws Exception {
        CountDownLatch ready = new CountDownLatch(writers);
        List<Integer> written = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
            List<Future<Integer>> running = new ArrayList<>();
            for (int writer = 0; writer < writers; writer++) {
                List<LostHold> its = holds.of(writer);
                running.add(threads.submit(() -> {
                    ready.countDown();
                    ready.await();
                    return lost.write(its);
                }));
            }
            for (Future<Integer> one : running) {
                written.add(one.get());
            }
        }
        return written;
    }

    @Test
    void whatTheNodeItselfWritesTakesItsPlace() throws Exception {
        Shipper shipper = door();
        begin(attempt(1, 1));
        lost.write(List.of(hold(1), hold(2)));
        end(attempt(1, 1), 40);

        shipper.ship();

        assertThat(rows()).containsExactly("7-1.1 completed 40", "7-2.1 lost 9000 ?");
    }

    @Test
    void aHoldWhoseFinalRowIsThereIsNotWrittenOnceMore() throws Exception {
        Shipper shipper = door();
        begin(attempt(1, 1));
        lost.write(List.of(hold(1)));
        end(attempt(1, 1), 40);
        shipper.ship();

        int again = lost.write(List.of(hold(1)));

        assertThat(again).isZero();
        assertThat(rows()).containsExactly("7-1.1 completed 40");
    }

    @Test
    void aJournalThatIsReadAfterAllReplacesWhatBeganAndTakesOutWhatDidNot() {
        door();
        begin(attempt(1, 1));
        begin(attempt(2, 1));
        end(attempt(2, 1), 40);
        lost.write(List.of(hold(1), hold(2), hold(3)));
        assertThat(rows()).hasSize(3);

        Shipper.Recovered recovered = recover();

        assertThat(recovered).isEqualTo(new Shipper.Recovered(1, 1, 1));
        assertThat(rows()).containsExactly("7-1.1 lost " + Attempts.HELD_NANO, "7-2.1 completed 40");
    }

    @Test
    void aHoldOfAJournalThatHasBeenReadGetsNoRow() {
        door();
        begin(attempt(1, 1));
        recover();

        int written = lost.write(List.of(hold(1), hold(2)));

        assertThat(written).isZero();
        assertThat(rows()).containsExactly("7-1.1 lost " + Attempts.HELD_NANO);
    }

    @Test
    void aJournalTakesOutNothingOfAnotherOne(@TempDir Path other) {
        door();
        AttemptJournal neighbour = AttemptJournal.ofCapacity(other, 64 * 1024);
        Shipper shipper = new Shipper(neighbour, tables.source(), CLOCK, Shipper.Watch.NONE, PACE);
        shipper.recover();
        shipper.carries(8);
        lost.write(List.of(hold(1), strange(1)));

        recover();

        assertThat(rows()).containsExactly("8-1.1 lost 9000 ?");
    }

    @Test
    void allStartsThatWroteTheJournalAreReadWithIt() {
        door();
        recover();
        AttemptJournal again = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper second = new Shipper(again, tables.source(), CLOCK, Shipper.Watch.NONE, PACE);
        second.recover();
        second.carries(8);
        lost.write(List.of(hold(1), strange(1)));

        Shipper.Recovered recovered = recover();

        assertThat(recovered).isEqualTo(new Shipper.Recovered(0, 0, 1));
        assertThat(rows()).isEmpty();
    }

    @Test
    void anAttemptThatFollowsOneWithARowHasTheNextNumber() throws Exception {
        Shipper shipper = door();
        begin(attempt(1, 1));
        journal()
                .end(new AttemptEnded(
                        attempt(1, 1), Outcome.UPSTREAM_FAILED, 500, Usage.ofText(7, 0), true, 5, true, NOW, 0));
        shipper.ship();
        begin(attempt(1, 2));

        lost.write(List.of(hold(1)));

        assertThat(rows()).containsExactly("7-1.1 upstream_failed 5", "7-1.2 lost 9000 ?");
        LedgerRow call = ledger.calls(LedgerQuery.ALL, 10, 0).getFirst();
        assertThat(call.provisional()).isTrue();
        assertThat(call.nanoUsd()).isEqualTo(9_005);

        recover();

        assertThat(rows()).containsExactly("7-1.1 upstream_failed 5", "7-1.2 lost " + Attempts.HELD_NANO);
    }

    @Test
    void anAttemptThatIsParkedSaysWhatItIs() throws Exception {
        Shipper shipper = door();
        AttemptBegun began = Attempts.begun(attempt(1, 3), NOW - 60_000);
        journal().begin(began);
        shipper.ship();
        assertThat(tables.number("select count(*) from open_attempt")).isEqualTo(1);

        lost.write(List.of(hold(1, 300, 1)));

        assertThat(rows()).containsExactly("7-1.3 lost " + Attempts.HELD_NANO + " ?");
        LedgerRow row = ledger.attempts(LedgerQuery.ALL, 10, 0).getFirst();
        assertThat(row.requestId()).isEqualTo("request");
        assertThat(row.provider()).isEqualTo("azure");
        assertThat(row.tags()).containsExactly("paid");
        assertThat(row.started()).isEqualTo(Instant.ofEpochMilli(NOW - 60_000));
        assertThat(row.usage()).isEqualTo(Usage.ofText(300, 0));
    }

    @Test
    void anAttemptThatIsParkedEndsOnce() throws Exception {
        Shipper shipper = door();
        journal().begin(Attempts.begun(attempt(1, 1), NOW - 60_000));
        journal().begin(Attempts.begun(attempt(2, 1), NOW - 60_000));
        shipper.ship();
        lost.write(List.of(hold(1), hold(2)));
        end(attempt(1, 1), 40);

        recover();

        assertThat(rows()).containsExactly("7-1.1 completed 40", "7-2.1 lost " + Attempts.HELD_NANO);
        assertThat(tables.number("select count(*) from open_attempt")).isZero();
    }

    @Test
    void aParkedAttemptThatHasItsRowGetsNoOther() throws Exception {
        Shipper shipper = door();
        journal().begin(Attempts.begun(attempt(1, 1), NOW - 60_000));
        shipper.ship();
        tables.run("create table kept as select * from open_attempt");
        end(attempt(1, 1), 40);
        shipper.ship();
        tables.run("insert into open_attempt select * from kept");

        int written = lost.write(List.of(hold(1)));

        assertThat(written).isZero();
        assertThat(rows()).containsExactly("7-1.1 completed 40");
    }

    /** Its final row would else be counted besides. */
    @Test
    void aProvisionalRowIsKeptUntilItIsReplaced() {
        door();
        begin(attempt(1, 1));
        lost.write(List.of(hold(1)));
        try (Retention old =
                new Retention(tables.source(), Duration.ofMillis(1), () -> Instant.ofEpochMilli(2 * NOW))) {
            old.sweep();
            assertThat(rows()).containsExactly("7-1.1 lost 9000 ?");

            recover();
            old.sweep();
        }

        assertThat(ledger.attempts(LedgerQuery.ALL, 10, 0)).isEmpty();
        assertThat(ledger.spendOf("key1")).isEqualTo(Attempts.HELD_NANO);
    }

    @Test
    void whatAStoreWouldRefuseIsCut() {
        String model = "m\0" + "x".repeat(300);

        lost.write(List.of(new LostHold(
                new HoldId(DOOR, 1), "key1", model, Long.MAX_VALUE, Long.MAX_VALUE, null, null, null, null, 0)));

        LedgerRow row = ledger.attempts(LedgerQuery.ALL, 10, 0).getFirst();
        assertThat(row.model()).hasSize(256).startsWith("m\uFFFDx");
        assertThat(row.nanoUsd()).isEqualTo(1_000_000_000_000_000L);
    }

    /** A store put back from a copy of before, in which some rows are there all the same. */
    @Test
    void aStoreThatWasPutBackKeepsItsRowsAndReplacesProvisionalOnes() throws Exception {
        Shipper shipper = door();
        begin(attempt(1, 1));
        end(attempt(1, 1), 40);
        shipper.ship();
        tables.run("update journal set read_to = 0, released = 0");
        begin(attempt(2, 1));
        end(attempt(2, 1), 50);
        lost.write(List.of(hold(2)));
        AttemptJournal again = AttemptJournal.ofCapacity(directory, 64 * 1024);
        Shipper.Pace patient = new Shipper.Pace(
                50, Duration.ofMillis(2), Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ofDays(1));

        new Shipper(again, tables.source(), CLOCK, Shipper.Watch.NONE, patient).recover();

        assertThat(rows()).containsExactly("7-1.1 completed 40", "7-2.1 completed 50");
    }
}
