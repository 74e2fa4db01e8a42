package dev.weir.cluster.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.weir.actors.meter.Hold;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.LimitId;
import dev.weir.actors.meter.LimitState;
import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.MeterStore.Loaded;
import dev.weir.actors.meter.MeterStore.WriteResult;
import dev.weir.actors.meter.Need;
import dev.weir.actors.meter.PastHolds;
import dev.weir.actors.meter.Slice;
import dev.weir.config.AccountId;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class JdbcMeterStoreTest {

    @TempDir
    Path directory = Path.of("");

    Database database;
    JdbcMeterStore store;

    Database database(Path path) {
        return Database.open(path);
    }

    @BeforeEach
    void open() {
        database = database(directory);
        store = new JdbcMeterStore(database);
    }

    @AfterEach
    void close() {
        store.close();
        database.close();
    }

    static MeterState state(String id, long rev, @Nullable String alias, boolean tombstone) {
        KeySettings settings = new KeySettings(
                alias,
                List.of("gpt-4o", "claude/*"),
                "u1",
                "t1",
                null,
                Limits.NONE
                        .withRpm(10)
                        .withBudget(new Money(5_000_000_000L), BudgetPeriod.parse("1mo"))
                        .withSlots(3),
                null,
                Instant.parse("2027-01-01T00:00:00.5Z"),
                KeySettings.KeyType.LLM_API,
                Map.of("owner", "a", "nested", Map.of("n", 1, "list", List.of(1, "two"))),
                List.of("paid"),
                true);
        LimitId requests = new LimitId(LimitId.Kind.RATE, LimitId.Unit.REQUESTS, null, "60s");
        LimitId money = new LimitId(LimitId.Kind.BUDGET, LimitId.Unit.NANO_USD, null, "1mo");
        List<LimitState> limits = List.of(
                new LimitState(
                        requests,
                        4,
                        1000,
                        61_000,
                        2,
                        1,
                        Map.of(LimitState.SELF, new Slice(7, 2, 1), "n3", new Slice(9, 1, 0, 4, 5)),
                        Map.of("n3", 2L),
                        Map.of("n2>n3", 4L)),
                new LimitState(money, 1, 0, Long.MAX_VALUE, 0, 0, Map.of(), Map.of()));
        Hold hold = new Hold(
                new HoldId(7, Long.MAX_VALUE),
                "",
                new Need(1, 20, 30, 1, true),
                List.of(),
                List.of(new Hold.Piece(requests, 4, 1, false), new Hold.Piece(money, 1, 30, false)),
                0,
                List.of(new Hold.Part(
                        AccountId.team("t"),
                        true,
                        "ann",
                        List.of(new Hold.Piece(requests.ofEndUser("ann"), 9, 1, false)),
                        6L)));
        return new MeterState(
                id,
                settings,
                3,
                tombstone,
                rev,
                -99,
                5,
                2,
                7,
                true,
                123,
                45,
                limits,
                List.of(hold),
                List.of(),
                List.of(5L, 6L),
                77,
                new PastHolds(4, List.of(new HoldId(6, 71)), List.of(new HoldId(5, 3), new HoldId(5, 4))));
    }

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private void sql(String statement, Object... parameters) throws SQLException {
        try (Connection connection = database.writing().getConnection();
                PreparedStatement prepared = connection.prepareStatement(statement)) {
            for (int i = 0; i < parameters.length; i++) {
                prepared.setObject(i + 1, parameters[i]);
            }
            prepared.execute();
        }
    }

    @Test
    void whatWasWrittenIsLoaded() {
        MeterState state = state("k", 1, "ci", false);

        assertThat(get(store.write("k", 0, state))).isEqualTo(WriteResult.WRITTEN);

        assertThat(get(store.load("k"))).isEqualTo(new Loaded.Present(state, 0));
    }

    @Test
    void whatWasWrittenIsThereAfterARestart() {
        MeterState state = state("k", 1, "ci", false);
        get(store.write("k", 0, state));

        close();
        open();

        assertThat(get(store.load("k"))).isEqualTo(new Loaded.Present(state, 0));
    }

    @Test
    void whatWasNeverWrittenIsAbsent() {
        assertThat(get(store.load("k"))).isEqualTo(new Loaded.Absent());
    }

    @Test
    void ofTwoWritersOfOneRevisionOneWins() {
        get(store.write("k", 0, state("k", 1, null, false)));

        CompletionStage<WriteResult> first = store.write("k", 1, state("k", 2, null, false));
        CompletionStage<WriteResult> second = store.write("k", 1, state("k", 2, null, true));

        assertThat(get(first)).isEqualTo(WriteResult.WRITTEN);
        assertThat(get(second)).isEqualTo(WriteResult.CONFLICT);
    }

    @Test
    void aKeyIsMadeOnce() {
        get(store.write("k", 0, state("k", 1, null, false)));

        assertThat(get(store.write("k", 0, state("k", 1, null, false)))).isEqualTo(WriteResult.CONFLICT);
    }

    @Test
    void anAliasHasOneKeyAndIsFreeWhenThatIsDeleted() {
        get(store.write("a", 0, state("a", 1, "ci", false)));
        WriteResult taken = get(store.write("b", 0, state("b", 1, "ci", false)));

        get(store.write("a", 1, state("a", 2, "ci", true)));

        assertThat(taken).isEqualTo(WriteResult.ALIAS_TAKEN);
        assertThat(get(store.write("b", 0, state("b", 1, "ci", false)))).isEqualTo(WriteResult.WRITTEN);
        assertThat(get(store.findByAlias("ci"))).contains("b");
    }

    @Test
    void anAliasThatIsTakenIsRefusedToAnUpdateAndTakesNoOtherAlong() {
        get(store.write("a", 0, state("a", 1, "ci", false)));
        get(store.write("b", 0, state("b", 1, null, false)));
        get(store.write("c", 0, state("c", 1, null, false)));

        List<CompletionStage<WriteResult>> writes = List.of(
                store.write("first", 0, state("first", 1, null, false)),
                store.write("b", 1, state("b", 2, "ci", false)),
                store.write("c", 1, state("c", 2, "other", false)));

        assertThat(writes)
                .extracting(JdbcMeterStoreTest::get)
                .containsExactly(WriteResult.WRITTEN, WriteResult.ALIAS_TAKEN, WriteResult.WRITTEN);
        assertThat(get(store.findByAlias("ci"))).contains("a");
        assertThat(get(store.findByAlias("other"))).contains("c");
        assertThat(get(store.write("b", 1, state("b", 2, null, false)))).isEqualTo(WriteResult.WRITTEN);
    }

    @Test
    void eachOfManyHasItsOwnAnswer() {
        for (int i = 0; i < 100; i++) {
            get(store.write("k" + i, 0, state("k" + i, 1, null, false)));
        }

        List<CompletionStage<WriteResult>> writes = IntStream.range(0, 200)
                .mapToObj(i -> {
                    int rev = i % 3 == 0 ? 0 : i % 3; // there is none, or is not another
                    return store.write("k" + i, rev, state("k" + i, rev + 1, null, false));
                })
                .toList();

        for (int i = 0; i < 200; i++) {
            boolean fits = i % 3 == (i < 100 ? 1 : 0);
            assertThat(get(writes.get(i))).isEqualTo(fits ? WriteResult.WRITTEN : WriteResult.CONFLICT);
        }
    }

    @Test
    void aSecretLeadsToOneKeyUntilThatIsDeleted() {
        MeterState.Secret once = new MeterState.Secret("s1", 5);
        MeterState.Secret now = new MeterState.Secret("s2", Long.MAX_VALUE);
        get(store.write("a", 0, state("a", 1, null, false)));
        get(store.write("b", 0, state("b", 1, null, false)));
        get(store.write("a", 1, opened(state("a", 2, null, false), once)));
        get(store.write("a", 2, opened(state("a", 3, null, false), now, once)));

        WriteResult taken = get(store.write("b", 1, opened(state("b", 2, null, false), now)));

        assertThat(taken).isEqualTo(WriteResult.ALIAS_TAKEN);
        assertThat(get(store.secrets())).isEqualTo(Map.of("s1", "a", "s2", "a"));
        get(store.write("a", 3, state("a", 4, null, true)));
        assertThat(get(store.secrets())).isEmpty();
        assertThat(get(store.write("b", 1, opened(state("b", 2, null, false), now))))
                .isEqualTo(WriteResult.WRITTEN);
    }

    private static MeterState opened(MeterState key, MeterState.Secret... secrets) {
        return new MeterState(
                key.id(),
                key.settings(),
                key.version(),
                key.tombstone(),
                key.rev(),
                key.nonce(),
                key.epoch(),
                key.born(),
                key.host(),
                key.clean(),
                key.spentNanoUsd(),
                key.spentBefore(),
                key.limits(),
                key.holds(),
                List.of(secrets),
                key.former(),
                key.request(),
                key.past());
    }

    @Test
    void aRowOfALaterFormatIsUnreadableAndStaysAsItIs() throws SQLException {
        get(store.write("k", 0, state("k", 1, null, false)));
        sql("update meter set payload = replace(payload, '\"format\":3', '\"format\":99')");

        assertThat(get(store.load("k"))).isInstanceOf(Loaded.Unreadable.class);
        assertThat(get(store.list(null, null, 10))).isEmpty();
    }

    @Test
    void rubbishIsUnreadable() throws SQLException {
        get(store.write("k", 0, state("k", 1, null, false)));
        for (String rubbish : List.of("", "{", "[]", "{\"format\":1}", "null")) {
            sql("update meter set payload = ? where id = 'k'", rubbish);

            assertThat(get(store.load("k"))).isInstanceOf(Loaded.Unreadable.class);
        }
    }

    @Test
    void theLedgersSumComesWithTheRow() throws SQLException {
        get(store.write("k", 0, state("k", 1, null, false)));
        sql("insert into spend (who, nano_usd) values ('k', 77)");

        assertThat(((Loaded.Present) get(store.load("k"))).ledgerNanoUsd()).isEqualTo(77);
    }

    @Test
    void liveKeysAreListedInPages() {
        for (String id : List.of("c", "a", "d", "b")) {
            get(store.write(id, 0, state(id, 1, null, id.equals("b"))));
        }

        assertThat(get(store.list(null, null, 2))).extracting(MeterState::id).containsExactly("a", "c");
        assertThat(get(store.list(null, "c", 2))).extracting(MeterState::id).containsExactly("d");
    }

    @Test
    void manyMetersShareCommits() {
        List<CompletableFuture<WriteResult>> writes = IntStream.range(0, 2000)
                .mapToObj(i ->
                        store.write("k" + i, 0, state("k" + i, 1, null, false)).toCompletableFuture())
                .toList();

        assertThat(writes).allMatch(write -> get(write) == WriteResult.WRITTEN);
        assertThat(get(store.list(null, null, 5000))).hasSize(2000);
    }

    @Test
    void aWriteAfterTheEndIsAnsweredToo() {
        store.close();

        assertThat(store.write("k", 0, state("k", 1, null, false))).isCompletedExceptionally();
    }

    /** Nobody gets a connection to write with, which takes longer than the end may. */
    @Test
    @Timeout(4)
    void theEndDoesNotWaitForAWriteThatDoesNotEnd() throws SQLException {
        JdbcMeterStore other = new JdbcMeterStore(database, Duration.ofMillis(100));
        int writers = database.writing().unwrap(HikariDataSource.class).getMaximumPoolSize();
        List<Connection> taken = new ArrayList<>();
        for (int i = 0; i < writers; i++) {
            taken.add(database.writing().getConnection());
        }
        CompletionStage<WriteResult> write = other.write("k", 0, state("k", 1, null, false));

        other.close();

        assertThat(write).failsWithin(Duration.ofSeconds(2));
        for (Connection connection : taken) {
            connection.close();
        }
    }

    /** A change here is a change of the format: rows of released versions look like this. */
    @Test
    void aRowOfFormatOneIsReadAsItWasWritten() {
        String payload = """
                {"format":1,"settings":{"alias":"ci","models":["gpt-4o","claude/*"],"userId":"u1","teamId":"t1",\
                "maxBudget":5000000000,"budgetDuration":"1mo","rpm":10,"parallel":3,"expires":"2027-01-01T00:00:00.500Z",\
                "keyType":"LLM_API","metadata":{"owner":"a","nested":{"n":1,"list":[1,"two"]}},"tags":["paid"],\
                "blocked":true},"version":3,"tombstone":false,"epoch":5,"born":2,"host":7,"clean":true,"spent":123,\
                "spentBefore":45,"limits":[{"kind":"RATE","unit":"REQUESTS","duration":"60s","gen":4,"start":1000,\
                "end":61000,"carried":2,"base":1,"slices":{"self":{"granted":7,"returned":2,"over":1}}},\
                {"kind":"BUDGET","unit":"NANO_USD","duration":"1mo","gen":1,"start":0,"end":9223372036854775807,\
                "carried":0,"base":0,"slices":{}}],"holds":[{"incarnation":7,"sequence":9223372036854775807,\
                "requests":1,"tokens":20,"nanoUsd":30,"slots":1,"priced":true,"pieces":[[0,4,1],[1,1,30]]}],\
                "fromALaterVersion":true}
                """;

        assertThat(MeterPayload.read("k", 1, -99, payload)).isEqualTo(ofFormatOne());
    }

    /** Without what later formats have. */
    private static MeterState ofFormatOne() {
        MeterState now = state("k", 1, "ci", false);
        Hold hold = now.holds().getFirst();
        LimitState requests = now.limits().getFirst();
        return new MeterState(
                now.id(),
                now.settings(),
                now.version(),
                now.tombstone(),
                now.rev(),
                now.nonce(),
                now.epoch(),
                now.born(),
                now.host(),
                now.clean(),
                now.spentNanoUsd(),
                now.spentBefore(),
                List.of(
                        new LimitState(
                                requests.id(),
                                requests.gen(),
                                requests.start(),
                                requests.end(),
                                requests.carried(),
                                requests.base(),
                                Map.of(LimitState.SELF, new Slice(7, 2, 1)),
                                Map.of()),
                        now.limits().get(1)),
                List.of(new Hold(
                        hold.id(),
                        hold.model(),
                        hold.need(),
                        hold.accounts(),
                        hold.pieces(),
                        hold.topUps(),
                        List.of())),
                List.of(),
                List.of(),
                0,
                new PastHolds(now.epoch(), List.of(), List.of()));
    }
}
