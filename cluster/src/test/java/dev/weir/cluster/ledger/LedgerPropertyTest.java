package dev.weir.cluster.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.weir.actors.meter.Outcome;
import dev.weir.config.price.Usage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The ledger's one promise, under every order of writing, shipping, tearing and dying. */
final class LedgerPropertyTest {

    static {
        ((Logger) LoggerFactory.getLogger(Shipper.class)).setLevel(Level.OFF); // it fails thousands of times here
    }

    private static final Tables TABLES = Tables.make();
    private static final int CAPACITY = 4096;
    private static final int FILE_HEAD = 4096;
    private static final int PLACES = 64;
    private static final int SEGMENT = CAPACITY / PLACES;
    private static final Shipper.Pace PACE =
            new Shipper.Pace(3, Duration.ofMillis(1), Duration.ofSeconds(10), Duration.ZERO, Duration.ofDays(1));

    /** What a row must say. */
    private record Truth(String outcome, long tokens, long nanoUsd) {}

    private final Moody moody = new Moody(TABLES.source());
    private final Map<AttemptId, Truth> open = new LinkedHashMap<>();
    private final Map<AttemptId, Truth> done = new LinkedHashMap<>();
    private final List<Integer> doors = new ArrayList<>();
    private final LostHolds owner = new LostHolds(TABLES.source(), this::instant);
    private long now = 1_000_000;
    private int lives;
    private long sequence;
    private @Nullable Path directory;
    private @Nullable AttemptJournal journal;
    private @Nullable Shipper shipper;

    @BeforeTry
    void begin() throws IOException {
        TABLES.clear();
        open.clear();
        done.clear();
        moody.live();
        doors.clear();
        directory = Files.createTempDirectory("weir-ledger");
        start();
    }

    @AfterTry
    void sweep() throws IOException {
        try (var files = Files.list(there(directory))) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(there(directory));
    }

    private static <T> T there(@Nullable T it) {
        if (it == null) {
            throw new IllegalStateException("not started");
        }
        return it;
    }

    private void start() {
        lives++;
        journal = AttemptJournal.ofCapacity(there(directory), CAPACITY);
        shipper = new Shipper(journal, moody.asDataSource(), this::instant, Shipper.Watch.NONE, PACE);
        shipper.recover();
        shipper.carries(lives);
        doors.add(lives);
    }

    private Instant instant() {
        return Instant.ofEpochMilli(now);
    }

    @Property(tries = 400)
    void everyBeginningHasOneRowAndSpendIsTheirSum(
            @ForAll @Size(max = 150) List<@IntRange(min = 0, max = 99_999) Integer> steps) throws Exception {
        for (int step : steps) {
            step(step % 100, step / 100);
        }
        crash(-1, 0);
        writeAsLost(1); // of the process before

        Map<AttemptId, Truth> rows = new Ledger(TABLES.source())
                .attempts(LedgerQuery.ALL, 10_000, 0).stream()
                        .peek(row -> assertThat(row.provisional()).isFalse())
                        .collect(Collectors.toMap(
                                LedgerRow::id,
                                row -> new Truth(row.outcome(), row.usage().total(), row.nanoUsd())));
        assertThat(rows).isEqualTo(done);
        assertThat(TABLES.spendByWho()).isEqualTo(TABLES.spendOfRows());
        assertThat(TABLES.number("select count(*) from open_attempt")).isZero();
        assertThat(there(journal).usedBytes()).isZero();
    }

    private void step(int action, int n) throws Exception {
        now += 100;
        if (action < 35) {
            beginOne();
        } else if (action < 60) {
            endOne(n);
        } else if (action < 67) {
            progressOne(n);
        } else if (action < 77) {
            ship();
        } else if (action < 82) {
            writeAsLost(n);
        } else if (action < 86) {
            now += 11_000;
        } else if (action < 91) {
            crash(-1, 0);
        } else if (action < 95) {
            tornBegin(n);
        } else if (action < 98) {
            tornEnd(n);
        } else {
            crashAgainInRecovery(n % 4);
        }
    }

    private @Nullable AttemptId beginOne() {
        AttemptId id = Attempts.id(lives, ++sequence);
        AttemptBegun begun = Attempts.begun(id, now);
        if (!there(journal).begin(begun)) {
            return null;
        }
        open.put(id, new Truth("lost", Attempts.HELD_TOKENS, Attempts.HELD_NANO));
        return id;
    }

    private @Nullable AttemptId someOpen(int n) {
        return open.keySet().stream()
                .skip(open.isEmpty() ? 0 : n % open.size())
                .findFirst()
                .orElse(null);
    }

    private void endOne(int n) {
        AttemptId id = someOpen(n);
        if (id != null) {
            there(journal).end(Attempts.ended(id, n, now));
            open.remove(id);
            done.put(id, new Truth(Outcome.COMPLETED.label(), 10, n));
        }
    }

    private void progressOne(int n) {
        AttemptId id = someOpen(n);
        if (id != null && there(journal).progress(id, Usage.ofText(n, 1), 20L * n)) {
            open.computeIfPresent(
                    id, (same, so) -> new Truth("lost", Math.max(so.tokens, n + 1), Math.max(so.nanoUsd, 20L * n)));
        }
    }

    private void ship() throws SQLException {
        there(shipper).ship();
        assertThat(TABLES.spendByWho()).isEqualTo(TABLES.spendOfRows());
    }

    /**
     * Who has the meters takes some calls for lost, whether or not they are: of this process or an earlier one, with an
     * attempt or without.
     */
    private void writeAsLost(int n) {
        int door = doors.get(Math.max(0, doors.size() - 1 - n % 3));
        List<LostHold> holds = LongStream.rangeClosed(sequence - n % 4, sequence + 1)
                .mapToObj(call -> Attempts.begun(Attempts.id(door, call), now))
                .map(like -> new LostHold(
                        like.id().call(),
                        like.keyHash(),
                        like.model(),
                        n,
                        n,
                        like.teamId(),
                        like.userId(),
                        like.organizationId(),
                        like.endUser(),
                        0))
                .toList();
        owner.write(holds);
        assertThat(TABLES.spendByWho()).isEqualTo(TABLES.spendOfRows());
    }

    /** A process dies within {@code begin}: nobody was told that the attempt is there. Others went on meanwhile. */
    private void tornBegin(int n) throws IOException {
        long at = there(journal).head();
        AttemptId id = beginOne();
        if (id != null) {
            open.remove(id);
            endOne(n);
            crash(at, n);
        }
    }

    private void tornEnd(int n) throws IOException {
        AttemptId id = someOpen(n);
        if (id != null) {
            Truth lost = open.get(id);
            long at = there(journal).head();
            endOne(n);
            done.remove(id);
            open.put(id, there(lost));
            beginOne();
            crash(at, n);
        }
    }

    private void crashAgainInRecovery(int commits) throws IOException {
        moody.dieAfter(commits);
        try {
            crash(-1, 0);
        } catch (JournalException died) {
            moody.live();
            crash(-1, 0);
        }
        moody.live();
    }

    /** What is in the file now is all that the next process has; what lies at {@code torn} is half written. */
    private void crash(long torn, int n) throws IOException {
        Path file = there(directory).resolve(AttemptJournal.FILE);
        Path copy = there(directory).resolve("copy");
        Files.copy(file, copy);
        if (torn >= 0) {
            tear(copy, placeOf(copy, torn), n);
        }
        Files.delete(file);
        Files.move(copy, file);
        done.putAll(open);
        open.clear();
        start();
    }

    /** The file's head says what segment each place has; behind its magic, number and length. */
    private static long placeOf(Path file, long position) throws IOException {
        ByteBuffer head = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        for (int place = 0; place < PLACES; place++) {
            if (head.getLong(3 * Long.BYTES + place * Long.BYTES) == position / SEGMENT) {
                return FILE_HEAD + place * SEGMENT + position % SEGMENT;
            }
        }
        throw new AssertionError("nothing is at " + position);
    }

    /** Without its stamp, which is written last; or with a byte that did not arrive. */
    private static void tear(Path file, long at, int n) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
            if (n % 2 == 0) {
                channel.write(ByteBuffer.allocate(8), at);
            } else {
                ByteBuffer one = ByteBuffer.allocate(1);
                long place = at + 8 + n % 40;
                channel.read(one, place);
                one.put(0, (byte) ~one.get(0)).rewind();
                channel.write(one, place);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
