package dev.weir.cluster.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.config.AccountId;
import dev.weir.config.price.Usage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The journal's side of the store: batches go in, each exactly once. Blocks; for the shipper's thread. */
final class LedgerStore {

    private static final Logger LOG = LoggerFactory.getLogger(LedgerStore.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String ID = " where incarnation = ? and call_sequence = ? and attempt = ?";
    private static final String PLACE = "select batch, read_to, released from journal where id = ?";
    private static final String ADVANCE =
            "update journal set batch = ?, read_to = ?, released = ? where id = ? and batch = ?";
    private static final String PARK = "insert into open_attempt (incarnation, call_sequence, attempt, journal, begun,"
            + " tokens, nano_usd) values (?, ?, ?, ?, ?, ?, ?)";
    private static final String PARKED = "select begun, tokens, nano_usd from open_attempt";
    private static final String RAISE = "update open_attempt set tokens = case when tokens < ? then ? else tokens end,"
            + " nano_usd = case when nano_usd < ? then ? else nano_usd end" + ID;
    private static final String UNPARK = "delete from open_attempt" + ID;
    private static final String INSERT = "insert into ledger (incarnation, call_sequence, attempt, request_id, api_key,"
            + " model, model_group, model_id, provider, stream, outcome, status, estimated, priced, input_tokens,"
            + " cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, audio_tokens, image_tokens,"
            + " nano_usd, started_at, ended_at, first_content_at, team_id, user_id, end_user, request_tags,"
            + " organization_id)"
            + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String SPEND = "update spend set nano_usd = nano_usd + ? where who = ?";
    private static final String FIRST_SPEND = "insert into spend (who, nano_usd) values (?, ?)";

    /** Rows that are sent to the database together. */
    private static final int AT_ONCE = 250;

    /** How far a journal has been shipped. */
    record Place(long batch, long readTo, long released) {}

    private final DataSource source;

    LedgerStore(DataSource source) {
        this.source = source;
    }

    private interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    private <T> T transaction(Work<T> work) throws SQLException {
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            try {
                T result = work.run(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException failure) {
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

    Optional<Place> place(long journal) throws SQLException {
        return transaction(connection -> place(connection, journal));
    }

    private static Optional<Place> place(Connection connection, long journal) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(PLACE)) {
            select.setLong(1, journal);
            try (ResultSet row = select.executeQuery()) {
                return row.next()
                        ? Optional.of(new Place(row.getLong(1), row.getLong(2), row.getLong(3)))
                        : Optional.empty();
            }
        }
    }

    void register(long journal, long position) throws SQLException {
        transaction(connection -> {
            try (PreparedStatement insert = connection.prepareStatement(
                    "insert into journal (id, batch, read_to, released) values (?, 0, ?, ?)")) {
                insert.setLong(1, journal);
                insert.setLong(2, position);
                insert.setLong(3, position);
                return insert.executeUpdate();
            }
        });
    }

    /** Some of the attempts that were parked by this journal. */
    List<Batch.Running> parked(long journal, int most) throws SQLException {
        return transaction(connection -> {
            try (PreparedStatement select = connection.prepareStatement(PARKED + " where journal = ? limit ?")) {
                select.setLong(1, journal);
                select.setInt(2, most);
                List<Batch.Running> found = new ArrayList<>();
                try (ResultSet row = select.executeQuery()) {
                    while (row.next()) {
                        found.add(running(row));
                    }
                }
                return found;
            }
        });
    }

    private static Batch.Running running(ResultSet row) throws SQLException {
        return new Batch.Running(Scratch.begun(row.getBytes(1)), row.getLong(2), row.getLong(3));
    }

    /**
     * Does a batch, or finds that it was done.
     *
     * @param careful leaves out rows that are there already: they can only be of a store or a journal that was put back
     *     from a copy
     * @return how many rows the batch has added; when it was done before, how many it was to add
     */
    int commit(long journal, Batch batch, boolean careful) throws SQLException {
        return transaction(connection -> {
            Place place = place(connection, journal)
                    .orElseThrow(() -> new SQLException("the store does not know journal " + journal));
            if (place.batch == batch.number()) {
                return batch.rows().size() + batch.ends().size();
            }
            if (place.batch != batch.number() - 1) {
                throw new SQLException("batch " + batch.number() + " of journal " + journal + " follows " + place.batch
                        + ": somebody else ships it");
            }
            return write(connection, journal, batch, careful);
        });
    }

    private static int write(Connection connection, long journal, Batch batch, boolean careful) throws SQLException {
        if (careful) {
            unpark(connection, batch.parked().stream().map(r -> r.begun().id()).toList());
        }
        park(connection, journal, batch.parked());
        raise(connection, batch.progressed());
        List<Batch.Row> resumed = new ArrayList<>();
        List<AttemptId> unparked = new ArrayList<>(batch.unparked());
        for (AttemptEnded ended : batch.ends()) {
            AttemptBegun begun = parked(connection, ended.id());
            if (begun == null) {
                LOG.error("attempt {} ended with {} and is not known to have begun: no row", ended.id(), ended);
            } else {
                resumed.add(new Batch.Row(begun, ended));
                unparked.add(ended.id());
            }
        }
        unpark(connection, unparked);
        Map<String, Long> spentBy = new TreeMap<>();
        int added = insert(connection, batch.rows(), careful, spentBy) + insert(connection, resumed, careful, spentBy);
        spend(connection, spentBy);
        try (PreparedStatement advance = connection.prepareStatement(ADVANCE)) {
            advance.setLong(1, batch.number());
            advance.setLong(2, batch.readTo());
            advance.setLong(3, batch.released());
            advance.setLong(4, journal);
            advance.setLong(5, batch.number() - 1);
            if (advance.executeUpdate() != 1) {
                throw new SQLException("journal " + journal + " was advanced by somebody else");
            }
        }
        return added;
    }

    private static void key(PreparedStatement statement, int from, AttemptId id) throws SQLException {
        statement.setLong(from, id.call().incarnation());
        statement.setLong(from + 1, id.call().sequence());
        statement.setInt(from + 2, id.number());
    }

    private static void park(Connection connection, long journal, List<Batch.Running> parked) throws SQLException {
        if (parked.isEmpty()) {
            return;
        }
        try (PreparedStatement insert = connection.prepareStatement(PARK)) {
            for (Batch.Running running : parked) {
                key(insert, 1, running.begun().id());
                insert.setLong(4, journal);
                insert.setBytes(5, new Scratch().put(running.begun()).body());
                insert.setLong(6, running.tokens());
                insert.setLong(7, running.nanoUsd());
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private static void raise(Connection connection, List<Entry.Progressed> progressed) throws SQLException {
        if (progressed.isEmpty()) {
            return;
        }
        try (PreparedStatement update = connection.prepareStatement(RAISE)) {
            for (Entry.Progressed so : progressed) {
                update.setLong(1, so.usage().total());
                update.setLong(2, so.usage().total());
                update.setLong(3, so.nanoUsd());
                update.setLong(4, so.nanoUsd());
                key(update, 5, so.id());
                update.addBatch();
            }
            update.executeBatch();
        }
    }

    private static @Nullable AttemptBegun parked(Connection connection, AttemptId id) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(PARKED + ID)) {
            key(select, 1, id);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? running(row).begun() : null;
            }
        }
    }

    private static void unpark(Connection connection, List<AttemptId> ids) throws SQLException {
        if (ids.isEmpty()) {
            return;
        }
        try (PreparedStatement delete = connection.prepareStatement(UNPARK)) {
            for (AttemptId id : ids) {
                key(delete, 1, id);
                delete.addBatch();
            }
            delete.executeBatch();
        }
    }

    /** Adds what it inserts to what each key and account has spent. Sends a few rows at a time, so that they are garbage soon. */
    private static int insert(Connection connection, List<Batch.Row> rows, boolean careful, Map<String, Long> spentBy)
            throws SQLException {
        if (rows.isEmpty()) {
            return 0;
        }
        int added = 0;
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (Batch.Row row : rows) {
                if (careful && isKnown(connection, row)) {
                    continue;
                }
                set(insert, row.begun(), row.ended());
                insert.addBatch();
                added++;
                addTo(spentBy, row.begun(), row.ended().nanoUsd());
                if (added % AT_ONCE == 0) {
                    insert.executeBatch();
                }
            }
            insert.executeBatch();
        }
        return added;
    }

    private static void addTo(Map<String, Long> sums, AttemptBegun begun, long nanoUsd) {
        sums.merge(begun.keyHash(), nanoUsd, Long::sum);
        if (begun.teamId() != null) {
            sums.merge(AccountId.Kind.TEAM.prefix() + begun.teamId(), nanoUsd, Long::sum);
        }
        if (begun.userId() != null) {
            sums.merge(AccountId.Kind.USER.prefix() + begun.userId(), nanoUsd, Long::sum);
        }
        if (begun.organizationId() != null) {
            sums.merge(AccountId.Kind.ORGANIZATION.prefix() + begun.organizationId(), nanoUsd, Long::sum);
        }
    }

    private static boolean isKnown(Connection connection, Batch.Row row) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("select 1 from ledger" + ID)) {
            key(select, 1, row.begun().id());
            try (ResultSet found = select.executeQuery()) {
                boolean known = found.next();
                if (known) {
                    LOG.error(
                            "attempt {} has a row already, this one is left out: {}",
                            row.begun().id(),
                            row);
                }
                return known;
            }
        }
    }

    private static void set(PreparedStatement insert, AttemptBegun begun, AttemptEnded ended) throws SQLException {
        key(insert, 1, begun.id());
        insert.setString(4, begun.requestId());
        insert.setString(5, begun.keyHash());
        insert.setString(6, begun.model());
        insert.setString(7, begun.modelGroup());
        insert.setString(8, begun.modelId());
        insert.setString(9, begun.provider());
        insert.setBoolean(10, begun.stream());
        insert.setString(11, ended.outcome().label());
        insert.setInt(12, ended.status());
        insert.setBoolean(13, ended.estimated());
        insert.setBoolean(14, ended.priced());
        Usage usage = ended.usage();
        insert.setLong(15, usage.input());
        insert.setLong(16, usage.cacheRead());
        insert.setLong(17, usage.cacheWrite());
        insert.setLong(18, usage.output());
        insert.setLong(19, usage.reasoning());
        insert.setLong(20, usage.audio());
        insert.setLong(21, usage.image());
        insert.setLong(22, ended.nanoUsd());
        insert.setLong(23, begun.startedMillis());
        insert.setLong(24, ended.endedMillis());
        insert.setLong(25, ended.firstContentMillis());
        insert.setString(26, begun.teamId());
        insert.setString(27, begun.userId());
        insert.setString(28, begun.endUser());
        insert.setString(29, json(begun.tags()));
        insert.setString(30, begun.organizationId());
    }

    private static String json(List<String> tags) {
        try {
            return tags.isEmpty() ? "[]" : JSON.writeValueAsString(tags);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** In the order of their names, so that two nodes never wait for each other. */
    private static void spend(Connection connection, Map<String, Long> sums) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(SPEND);
                PreparedStatement insert = connection.prepareStatement(FIRST_SPEND)) {
            for (Map.Entry<String, Long> sum : sums.entrySet()) {
                update.setLong(1, sum.getValue());
                update.setString(2, sum.getKey());
                if (update.executeUpdate() == 0) {
                    insert.setString(1, sum.getKey());
                    insert.setLong(2, sum.getValue());
                    insert.executeUpdate();
                }
            }
        }
    }
}
