package dev.weir.cluster.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.actors.meter.HoldId;
import dev.weir.config.price.Usage;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * What everybody has used: the attempts that have ended, of all nodes over the same store. Read only; rows are the
 * {@link Shipper}'s. Blocks, so never on a dispatcher.
 */
public final class Ledger {

    /** The most rows of one answer. */
    public static final int MOST_ROWS = 10_000;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<List<String>> TEXTS = new TypeReference<>() {};

    private static final String COLUMNS = "select l.incarnation, l.call_sequence, l.attempt, l.request_id, l.api_key,"
            + " l.model, l.model_group, l.model_id, l.provider, l.stream, l.outcome, l.status, l.estimated, l.priced,"
            + " l.input_tokens, l.cache_read_tokens, l.cache_write_tokens, l.output_tokens, l.reasoning_tokens,"
            + " l.audio_tokens, l.image_tokens, l.nano_usd, l.started_at, l.ended_at, l.first_content_at, l.team_id,"
            + " l.user_id, l.end_user, l.request_tags, l.organization_id, l.provisional from ledger l";

    private static final String LAST_OF_CALL = " and not exists (select 1 from ledger o where"
            + " o.incarnation = l.incarnation and o.call_sequence = l.call_sequence and o.attempt > l.attempt)";

    private static final String NEWEST_FIRST =
            " order by l.started_at desc, l.incarnation desc, l.call_sequence desc, l.attempt desc limit ? offset ?";

    private static final String OF_CALL =
            COLUMNS + " where l.incarnation = ? and l.call_sequence = ? order by l.attempt";

    private static final String SUMS = "select count(*),"
            + " sum(l.input_tokens), sum(l.cache_read_tokens), sum(l.cache_write_tokens), sum(l.output_tokens),"
            + " sum(l.reasoning_tokens), sum(l.audio_tokens), sum(l.image_tokens), sum(l.nano_usd) from ledger l";

    private static final String CALLS =
            "select count(*) from (select distinct l.incarnation, l.call_sequence from ledger l";

    /**
     * The sums of some rows.
     *
     * @param calls that have made those attempts
     */
    public record Summary(long attempts, long calls, Usage usage, long nanoUsd) {

        /** In dollars, exact. */
        public BigDecimal spend() {
            return LedgerRow.usd(nanoUsd);
        }
    }

    private final DataSource source;

    public Ledger(DataSource source) {
        this.source = source;
    }

    private interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    private <T> T read(Work<T> work) {
        try (Connection connection = source.getConnection()) {
            return work.run(connection);
        } catch (SQLException failure) {
            throw new JournalException("the ledger cannot be read: " + failure.getMessage(), failure);
        }
    }

    /**
     * Every attempt, newest first.
     *
     * @throws JournalException when the store cannot be read
     */
    public List<LedgerRow> attempts(LedgerQuery query, int limit, int offset) {
        return read(connection -> rows(connection, query, "", limit, offset));
    }

    /**
     * One row for each call, newest first. A call that is still making attempts shows those that have ended.
     *
     * @throws JournalException when the store cannot be read
     */
    public List<LedgerRow> calls(LedgerQuery query, int limit, int offset) {
        return read(connection -> {
            List<LedgerRow> calls = new ArrayList<>();
            for (LedgerRow last : rows(connection, query, LAST_OF_CALL, limit, offset)) {
                calls.add(last.id().number() == 1 ? last : whole(connection, last));
            }
            return calls;
        });
    }

    private static List<LedgerRow> rows(Connection connection, LedgerQuery query, String further, int limit, int offset)
            throws SQLException {
        Where where = Where.of(query);
        try (PreparedStatement select = connection.prepareStatement(COLUMNS + where.sql + further + NEWEST_FIRST)) {
            int next = where.set(select);
            select.setInt(next, Math.clamp(limit, 0, MOST_ROWS));
            select.setInt(next + 1, Math.max(0, offset));
            return rows(select);
        }
    }

    private static List<LedgerRow> rows(PreparedStatement select) throws SQLException {
        List<LedgerRow> rows = new ArrayList<>();
        try (ResultSet row = select.executeQuery()) {
            while (row.next()) {
                rows.add(row(row));
            }
        }
        return rows;
    }

    private static LedgerRow whole(Connection connection, LedgerRow last) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(OF_CALL)) {
            select.setLong(1, last.id().call().incarnation());
            select.setLong(2, last.id().call().sequence());
            LedgerRow sum = null;
            for (LedgerRow row : rows(select)) {
                sum = sum == null ? row : sum.then(row);
            }
            return sum == null ? last : sum;
        }
    }

    /**
     * What the rows of a key or an account cost, in nano-dollars.
     *
     * @param who the id of its meter
     */
    public long spendOf(String who) {
        return read(connection -> {
            try (PreparedStatement select = connection.prepareStatement("select nano_usd from spend where who = ?")) {
                select.setString(1, who);
                try (ResultSet row = select.executeQuery()) {
                    return row.next() ? row.getLong(1) : 0L;
                }
            }
        });
    }

    /**
     * The sums of all rows that {@code query} means.
     *
     * @throws JournalException when the store cannot be read
     */
    public Summary summary(LedgerQuery query) {
        Where where = Where.of(query);
        return read(connection -> {
            long calls = calls(connection, where);
            try (PreparedStatement select = connection.prepareStatement(SUMS + where.sql)) {
                where.set(select);
                try (ResultSet row = select.executeQuery()) {
                    row.next();
                    return new Summary(row.getLong(1), calls, usage(row, 2), row.getLong(9));
                }
            }
        });
    }

    private static long calls(Connection connection, Where where) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(CALLS + where.sql + ") c")) {
            where.set(select);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** A condition and what stands for its question marks. */
    private record Where(String sql, List<Object> values) {

        static Where of(LedgerQuery query) {
            StringBuilder sql = new StringBuilder(" where 1 = 1");
            List<Object> values = new ArrayList<>();
            and(sql, values, " and l.request_id = ?", query.requestId());
            and(sql, values, " and l.api_key = ?", query.keyHash());
            and(sql, values, " and l.user_id = ?", query.userId());
            and(sql, values, " and l.started_at >= ?", millis(query.from()));
            and(sql, values, " and l.started_at < ?", millis(query.to()));
            return new Where(sql.toString(), values);
        }

        private static void and(StringBuilder sql, List<Object> values, String condition, @Nullable Object value) {
            if (value != null) {
                sql.append(condition);
                values.add(value);
            }
        }

        private static @Nullable Long millis(@Nullable Instant time) {
            return time == null ? null : time.toEpochMilli();
        }

        /** The number of the next question mark. */
        int set(PreparedStatement statement) throws SQLException {
            int next = 1;
            for (Object value : values) {
                statement.setObject(next++, value);
            }
            return next;
        }
    }

    private static Usage usage(ResultSet row, int from) throws SQLException {
        return new Usage(
                row.getLong(from),
                row.getLong(from + 1),
                row.getLong(from + 2),
                row.getLong(from + 3),
                row.getLong(from + 4),
                row.getLong(from + 5),
                row.getLong(from + 6));
    }

    private static LedgerRow row(ResultSet row) throws SQLException {
        long firstContent = row.getLong(25);
        return new LedgerRow(
                new AttemptId(new HoldId(row.getLong(1), row.getLong(2)), row.getInt(3)),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                row.getString(7),
                row.getString(8),
                row.getString(9),
                row.getBoolean(10),
                row.getString(11),
                row.getInt(12),
                row.getBoolean(13),
                row.getBoolean(14),
                usage(row, 15),
                row.getLong(22),
                Instant.ofEpochMilli(row.getLong(23)),
                Instant.ofEpochMilli(row.getLong(24)),
                firstContent == 0 ? null : Instant.ofEpochMilli(firstContent),
                row.getString(26),
                row.getString(27),
                row.getString(28),
                tags(row.getString(29)),
                row.getString(30),
                row.getBoolean(31));
    }

    private static List<String> tags(String json) {
        try {
            return json.equals("[]") ? List.of() : JSON.readValue(json, TEXTS);
        } catch (JsonProcessingException unreadable) {
            throw new JournalException("a row's tags cannot be read: " + unreadable.getOriginalMessage(), unreadable);
        }
    }
}
