package dev.weir.cluster.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.weir.actors.meter.MeterState;
import dev.weir.actors.meter.MeterStore;
import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.KeySettings;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;

/**
 * The meters' rows. One thread writes: it takes all writes that wait, does them in one transaction and answers them
 * after its commit, so that many meters share a commit's cost. A few threads read.
 */
public final class JdbcMeterStore implements MeterStore, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(JdbcMeterStore.class);
    private static final int READERS = 2;
    private static final int BATCH = 256;
    private static final int FETCH = 10_000;
    private static final long UNREADABLE_NANOS = TimeUnit.SECONDS.toNanos(12);

    /** How long the last writes, and then the last reads, may take at the end: as long as an answer of the store. */
    private static final Duration LAST = Duration.ofSeconds(5);

    private static final String LOAD = "select m.rev, m.nonce, m.payload, coalesce(s.nano_usd, 0)"
            + " from meter m left join spend s on s.who = m.id where m.id = ?";
    private static final String INSERT =
            "insert into meter (id, rev, nonce, payload, alias, tombstone, updated_at, kind)"
                    + " values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing";
    private static final String UPDATE = "update meter set rev = ?, nonce = ?, payload = ?, alias = ?, tombstone = ?,"
            + " updated_at = ? where id = ? and rev = ?";
    private static final String EXISTS = "select 1 from meter where id = ?";
    private static final String BY_ALIAS = "select id from meter where alias = ?";
    private static final String LIST =
            "select id, rev, nonce, payload from meter where kind = ? and id > ? and not tombstone order by id limit ?";
    private static final String IDS = "select id from meter where kind not in (?, ?) and tombstone = ?";
    private static final String KEYS = "select id from meter where kind = ? and not tombstone";
    private static final String SECRETS = "select hash, meter from key_secret";
    private static final String FORGET_SECRETS = "delete from key_secret where meter = ?";

    /** Once; where it is another meter's, the primary key refuses it. */
    private static final String SECRET = "insert into key_secret (hash, meter) select ?, ?"
            + " where not exists (select 1 from key_secret where hash = ? and meter = ?)";

    private static final String KEY = "key";

    /** PostgreSQL's word for a value that is there already. */
    private static final String UNIQUE = "23505";

    /** Classes of SQLSTATE: a value that does not fit its column, and one that is beyond what PostgreSQL can do. */
    private static final String DATA_EXCEPTION = "22";

    private static final String LIMIT_EXCEEDED = "54";

    /** A write that waits for its commit; one without a row ends the writer. */
    private record Pending(@Nullable MeterState next, long expectedRev, CompletableFuture<WriteResult> answer) {

        MeterState row() {
            return Objects.requireNonNull(next);
        }

        boolean isFirst() {
            return expectedRev == 0;
        }
    }

    private volatile boolean unreadable;
    private volatile long unreadableAt;
    private final DataSource reading;
    private final DataSource writing;
    private final Duration last;
    private final LinkedBlockingQueue<Pending> queue = new LinkedBlockingQueue<>();
    private final ExecutorService readers = Executors.newFixedThreadPool(
            READERS, Thread.ofPlatform().name("weir-store-read-", 0).factory());
    private final Thread writer = Thread.ofPlatform().name("weir-store-write").unstarted(this::writeAll);

    public JdbcMeterStore(Database database) {
        this(database, LAST);
    }

    JdbcMeterStore(Database database, Duration last) {
        this.reading = database.reading();
        this.writing = database.writing();
        this.last = last;
        writer.start();
    }

    @Override
    public CompletionStage<Loaded> load(String id) {
        return read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(LOAD)) {
                select.setString(1, id);
                try (ResultSet row = select.executeQuery()) {
                    return row.next() ? loaded(id, row) : new Loaded.Absent();
                }
            }
        });
    }

    /** Whether a row that cannot be read was asked for in the last moments; its meter asks every few seconds. */
    public boolean hasUnreadableRows() {
        return unreadable && System.nanoTime() - unreadableAt < UNREADABLE_NANOS;
    }

    private Loaded loaded(String id, ResultSet row) throws SQLException {
        try {
            MeterState state = MeterPayload.read(id, row.getLong(1), row.getLong(2), row.getString(3));
            return new Loaded.Present(state, row.getLong(4));
        } catch (IllegalArgumentException broken) {
            unreadableAt = System.nanoTime();
            unreadable = true;
            return new Loaded.Unreadable(String.valueOf(broken.getMessage()));
        }
    }

    @Override
    public CompletionStage<Optional<String>> findByAlias(String alias) {
        return read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(BY_ALIAS)) {
                select.setString(1, alias);
                try (ResultSet row = select.executeQuery()) {
                    return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
                }
            }
        });
    }

    @Override
    public CompletionStage<List<MeterState>> list(AccountId.@Nullable Kind kind, @Nullable String afterId, int limit) {
        return read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(LIST)) {
                select.setString(1, name(kind));
                select.setString(2, afterId == null ? "" : afterId);
                select.setInt(3, limit);
                List<MeterState> found = new ArrayList<>();
                try (ResultSet row = select.executeQuery()) {
                    while (row.next()) {
                        readable(row).ifPresent(found::add);
                    }
                }
                return found;
            }
        });
    }

    private static String name(AccountId.@Nullable Kind kind) {
        return kind == null ? KEY : kind.name().toLowerCase(Locale.ROOT);
    }

    /** The accounts that exist, or those that were deleted; groups of end users are there when they are needed. */
    public CompletionStage<List<AccountId>> accounts(boolean deleted) {
        return read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(IDS)) {
                select.setString(1, KEY);
                select.setString(2, name(AccountId.Kind.END_USERS));
                select.setBoolean(3, deleted);
                List<AccountId> found = new ArrayList<>();
                try (ResultSet row = select.executeQuery()) {
                    while (row.next()) {
                        found.add(AccountId.parse(row.getString(1)));
                    }
                }
                return found;
            }
        });
    }

    /** The ids of all keys, which may be many. Deleted ones are not among them. */
    public CompletionStage<Done> keys(Consumer<String> each) {
        return read(connection -> {
            connection.setAutoCommit(false); // PostgreSQL reads in pieces only then
            try (PreparedStatement select = connection.prepareStatement(KEYS)) {
                select.setFetchSize(FETCH);
                select.setString(1, KEY);
                try (ResultSet row = select.executeQuery()) {
                    while (row.next()) {
                        each.accept(row.getString(1));
                    }
                }
            } finally {
                connection.setAutoCommit(true);
            }
            return Done.getInstance();
        });
    }

    /** By the hash of a rotated key's secret, the id of its meter. */
    public CompletionStage<Map<String, String>> secrets() {
        return read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(SECRETS);
                    ResultSet row = select.executeQuery()) {
                Map<String, String> found = new HashMap<>();
                while (row.next()) {
                    found.put(row.getString(1), row.getString(2));
                }
                return found;
            }
        });
    }

    private static Optional<MeterState> readable(ResultSet row) throws SQLException {
        try {
            return Optional.of(MeterPayload.read(row.getString(1), row.getLong(2), row.getLong(3), row.getString(4)));
        } catch (IllegalArgumentException unreadable) {
            LOG.error(
                    "meter {}: its row cannot be read and is not listed: {}",
                    row.getString(1),
                    unreadable.getMessage());
            return Optional.empty();
        }
    }

    private interface Query<T> {
        T run(Connection connection) throws SQLException;
    }

    private <T> CompletionStage<T> read(Query<T> query) {
        if (readers.isShutdown()) {
            return CompletableFuture.failedFuture(new StoreException("the store is closed"));
        }
        return CompletableFuture.supplyAsync(
                () -> {
                    try (Connection connection = reading.getConnection()) {
                        return query.run(connection);
                    } catch (SQLException failure) {
                        throw new StoreException("the store cannot be read: " + failure.getMessage(), failure);
                    }
                },
                readers);
    }

    @Override
    public CompletionStage<WriteResult> write(String id, long expectedRev, MeterState next) {
        Pending write = new Pending(next, expectedRev, new CompletableFuture<>());
        queue.add(write);
        if (!writer.isAlive() && queue.remove(write)) {
            write.answer.completeExceptionally(new StoreException("the store is closed"));
        }
        return write.answer;
    }

    private void writeAll() {
        List<Pending> batch = new ArrayList<>(BATCH);
        boolean open = true;
        while (open) {
            try {
                batch.add(queue.take());
                queue.drainTo(batch, BATCH - 1);
                open = batch.stream().allMatch(write -> write.next != null);
                commit(inOrder(batch));
            } catch (InterruptedException stopped) {
                open = false;
            }
            batch.clear();
        }
    }

    /** Of rows that several nodes write, everybody takes the locks in one order. */
    private static List<Pending> inOrder(List<Pending> batch) {
        return batch.stream()
                .filter(write -> write.next != null)
                .sorted(Comparator.comparing(write -> write.row().id()))
                .toList();
    }

    private void commit(List<Pending> batch) {
        if (batch.isEmpty()) {
            return;
        }
        try {
            WriteResult[] results = transaction(batch);
            for (int i = 0; i < results.length; i++) {
                batch.get(i).answer.complete(results[i]);
            }
        } catch (SQLException | JsonProcessingException | RuntimeException failure) {
            WriteResult refusal = refusal(failure);
            if (refusal == null) {
                StoreException unknown = new StoreException("the store cannot be written: " + failure, failure);
                batch.forEach(write -> write.answer.completeExceptionally(unknown));
            } else if (batch.size() == 1) {
                refuse(batch.getFirst(), refusal, failure);
            } else {
                int half = batch.size() / 2; // one of them is at fault, the others may pass
                commit(batch.subList(0, half));
                commit(batch.subList(half, batch.size()));
            }
        } catch (Error fatal) {
            batch.forEach(
                    write -> write.answer.completeExceptionally(new StoreException("the store: " + fatal, fatal)));
            throw fatal;
        }
    }

    /** What is wrong with the write itself; null where the store is at fault, which may pass or have written it. */
    private static @Nullable WriteResult refusal(Exception failure) {
        if (failure instanceof JsonProcessingException) {
            return WriteResult.REFUSED;
        }
        if (!(failure instanceof SQLException refused)) {
            return null;
        }
        String state = String.valueOf(refused.getSQLState());
        if (state.equals(UNIQUE) || refused.getErrorCode() == SQLiteErrorCode.SQLITE_CONSTRAINT.code) {
            return WriteResult.ALIAS_TAKEN;
        }
        return state.startsWith(DATA_EXCEPTION) || state.startsWith(LIMIT_EXCEEDED) ? WriteResult.REFUSED : null;
    }

    private static void refuse(Pending write, WriteResult refusal, Exception failure) {
        if (refusal == WriteResult.REFUSED) {
            LOG.warn(
                    "meter {}: the store does not take its row: {}", write.row().id(), failure.getMessage());
        }
        write.answer.complete(refusal);
    }

    /** A result for each, in their order. Many rows share their way to the database: new ones first, then the others. */
    private WriteResult[] transaction(List<Pending> batch) throws SQLException, JsonProcessingException {
        try (Connection connection = writing.getConnection()) {
            connection.setAutoCommit(false);
            try {
                WriteResult[] results = new WriteResult[batch.size()];
                insert(batch, results, connection);
                update(batch, results, connection);
                secrets(batch, results, connection);
                connection.commit();
                return results;
            } catch (SQLException | JsonProcessingException | RuntimeException failure) {
                rollback(connection, failure);
                throw failure;
            }
        }
    }

    private static void rollback(Connection connection, Exception cause) {
        try {
            connection.rollback();
        } catch (SQLException failure) {
            cause.addSuppressed(failure);
        }
    }

    private static void insert(List<Pending> batch, WriteResult[] results, Connection connection)
            throws SQLException, JsonProcessingException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT);
                PreparedStatement exists = connection.prepareStatement(EXISTS)) {
            for (int i = 0; i < results.length; i++) {
                if (batch.get(i).isFirst()) {
                    results[i] = insert(batch.get(i).row(), insert, exists);
                }
            }
        }
    }

    private static WriteResult insert(MeterState next, PreparedStatement insert, PreparedStatement exists)
            throws SQLException, JsonProcessingException {
        insert.setString(1, next.id());
        insert.setLong(2, next.rev());
        insert.setLong(3, next.nonce());
        insert.setString(4, MeterPayload.write(next));
        insert.setString(5, alias(next));
        insert.setBoolean(6, next.tombstone());
        insert.setLong(7, System.currentTimeMillis());
        insert.setString(8, name(next.settings() instanceof AccountSettings account ? account.kind() : null));
        if (insert.executeUpdate() == 1) {
            return WriteResult.WRITTEN;
        }
        exists.setString(1, next.id());
        try (ResultSet row = exists.executeQuery()) {
            return row.next() ? WriteResult.CONFLICT : WriteResult.ALIAS_TAKEN;
        }
    }

    /** All in one; a row of another revision is not among those that were changed, a taken alias fails them all. */
    private static void update(List<Pending> batch, WriteResult[] results, Connection connection)
            throws SQLException, JsonProcessingException {
        try (PreparedStatement update = connection.prepareStatement(UPDATE)) {
            for (Pending write : batch) {
                if (!write.isFirst()) {
                    add(write.row(), write.expectedRev, update);
                }
            }
            int[] changed = update.executeBatch();
            for (int i = 0, next = 0; i < results.length; i++) {
                if (!batch.get(i).isFirst()) {
                    results[i] = changed[next++] == 1 ? WriteResult.WRITTEN : WriteResult.CONFLICT;
                }
            }
        }
    }

    private static void add(MeterState next, long expectedRev, PreparedStatement update)
            throws SQLException, JsonProcessingException {
        update.setLong(1, next.rev());
        update.setLong(2, next.nonce());
        update.setString(3, MeterPayload.write(next));
        update.setString(4, alias(next));
        update.setBoolean(5, next.tombstone());
        update.setLong(6, System.currentTimeMillis());
        update.setString(7, next.id());
        update.setLong(8, expectedRev);
        update.addBatch();
    }

    /** A deleted key's is free. */
    private static @Nullable String alias(MeterState state) {
        return state.tombstone() || !(state.settings() instanceof KeySettings key) ? null : key.alias();
    }

    /** A key that was never rotated has none, and one that was keeps each of them until it is deleted. */
    private static void secrets(List<Pending> batch, WriteResult[] results, Connection connection) throws SQLException {
        try (PreparedStatement forget = connection.prepareStatement(FORGET_SECRETS);
                PreparedStatement insert = connection.prepareStatement(SECRET)) {
            for (int i = 0; i < results.length; i++) {
                MeterState key = batch.get(i).row();
                if (results[i] != WriteResult.WRITTEN || !(key.settings() instanceof KeySettings)) {
                    continue;
                }
                if (key.tombstone()) {
                    forget.setString(1, key.id());
                    forget.addBatch();
                }
                for (MeterState.Secret secret : key.secrets()) {
                    if (!secret.hash().equals(key.id())) {
                        insert.setString(1, secret.hash());
                        insert.setString(2, key.id());
                        insert.setString(3, secret.hash());
                        insert.setString(4, key.id());
                        insert.addBatch();
                    }
                }
            }
            forget.executeBatch();
            insert.executeBatch();
        }
    }

    /** Writes what waits, for a moment, then stops. The database stays open: it is not this class's. */
    @Override
    public void close() {
        queue.add(new Pending(null, 0, new CompletableFuture<>()));
        readers.shutdown();
        try {
            if (!writer.join(last)) {
                LOG.warn("writes of the store were still running when it was closed");
                writer.interrupt();
            }
            if (!readers.awaitTermination(last.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("reads of the store were still running when it was closed");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
