package dev.weir.cluster.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.config.AccountId;
import dev.weir.config.price.Usage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rows that one transaction writes into the ledger, and what each key and account has spent by them. */
final class Booking {

    private static final Logger LOG = LoggerFactory.getLogger(Booking.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One attempt. */
    static final String ID = " where incarnation = ? and call_sequence = ? and attempt = ?";

    private static final String INSERT = "insert into ledger (incarnation, call_sequence, attempt, request_id, api_key,"
            + " model, model_group, model_id, provider, stream, outcome, status, estimated, priced, input_tokens,"
            + " cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, audio_tokens, image_tokens,"
            + " nano_usd, started_at, ended_at, first_content_at, team_id, user_id, end_user, request_tags,"
            + " organization_id, provisional, was_provisional)"
            + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String OF_JOURNAL =
            " provisional and incarnation in (select incarnation from door where journal = ?)";
    private static final String ANY_PROVISIONAL = "select 1 from ledger where" + OF_JOURNAL + " limit 1";
    private static final String SPENT = " returning nano_usd, api_key, team_id, user_id, organization_id";
    private static final String TAKE_OUT = "delete from ledger" + ID + " and provisional" + SPENT;
    private static final String TAKE_OUT_ALL = "delete from ledger where" + OF_JOURNAL + SPENT;
    private static final String SPEND = "insert into spend (who, nano_usd) values (?, ?)"
            + " on conflict (who) do update set nano_usd = spend.nano_usd + excluded.nano_usd";

    /** Rows that are sent to the database together. */
    private static final int AT_ONCE = 250;

    private final Connection connection;

    /** In the order of their names, so that two nodes never wait for each other. */
    private final Map<String, Long> spentBy = new TreeMap<>();

    Booking(Connection connection) {
        this.connection = connection;
    }

    static void key(PreparedStatement statement, int from, AttemptId id) throws SQLException {
        statement.setLong(from, id.call().incarnation());
        statement.setLong(from + 1, id.call().sequence());
        statement.setInt(from + 2, id.number());
    }

    /** Whether the attempts of this journal have provisional rows. */
    boolean anyProvisional(long journal) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(ANY_PROVISIONAL)) {
            select.setLong(1, journal);
            try (ResultSet row = select.executeQuery()) {
                return row.next();
            }
        }
    }

    /**
     * Writes the rows of attempts that have ended. Sends a few at a time, so that they are garbage soon.
     *
     * @param replacing takes out provisional rows of the same attempts
     * @param careful leaves out rows that are there already
     * @return how many were written
     */
    int add(List<Batch.Row> rows, boolean replacing, boolean careful) throws SQLException {
        if (rows.isEmpty()) {
            return 0;
        }
        int added = 0;
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (Batch.Row row : rows) {
                boolean replaces = replacing && takeOut(row.begun().id());
                if (careful && isKnown(row)) {
                    continue;
                }
                set(insert, row.begun(), row.ended(), false, replaces);
                insert.addBatch();
                added++;
                spent(row);
                if (added % AT_ONCE == 0) {
                    insert.executeBatch();
                }
            }
            insert.executeBatch();
        }
        return added;
    }

    /** Writes a provisional row, unless the attempt has a row. */
    boolean addProvisional(Batch.Row row) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT + " on conflict do nothing")) {
            set(insert, row.begun(), row.ended(), true, false);
            boolean added = insert.executeUpdate() == 1;
            if (added) {
                spent(row);
            }
            return added;
        }
    }

    private boolean takeOut(AttemptId id) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(TAKE_OUT)) {
            key(delete, 1, id);
            return takeOut(delete) > 0;
        }
    }

    /** Deletes what the attempts of this journal have in provisional rows. */
    int takeOut(long journal) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(TAKE_OUT_ALL)) {
            delete.setLong(1, journal);
            return takeOut(delete);
        }
    }

    private int takeOut(PreparedStatement delete) throws SQLException {
        int rows = 0;
        try (ResultSet row = delete.executeQuery()) {
            while (row.next()) {
                spent(-row.getLong(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5));
                rows++;
            }
        }
        return rows;
    }

    private boolean isKnown(Batch.Row row) throws SQLException {
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

    private void spent(Batch.Row row) {
        AttemptBegun begun = row.begun();
        spent(row.ended().nanoUsd(), begun.keyHash(), begun.teamId(), begun.userId(), begun.organizationId());
    }

    private void spent(
            long nanoUsd, String key, @Nullable String team, @Nullable String user, @Nullable String organization) {
        spentBy.merge(key, nanoUsd, Long::sum);
        if (team != null) {
            spentBy.merge(AccountId.Kind.TEAM.prefix() + team, nanoUsd, Long::sum);
        }
        if (user != null) {
            spentBy.merge(AccountId.Kind.USER.prefix() + user, nanoUsd, Long::sum);
        }
        if (organization != null) {
            spentBy.merge(AccountId.Kind.ORGANIZATION.prefix() + organization, nanoUsd, Long::sum);
        }
    }

    /** Adds what the rows came to. To be called once, at the end. */
    void post() throws SQLException {
        if (spentBy.isEmpty()) {
            return;
        }
        try (PreparedStatement upsert = connection.prepareStatement(SPEND)) {
            for (Map.Entry<String, Long> sum : spentBy.entrySet()) {
                upsert.setString(1, sum.getKey());
                upsert.setLong(2, sum.getValue());
                upsert.addBatch();
            }
            upsert.executeBatch();
        }
    }

    private static void set(
            PreparedStatement insert,
            AttemptBegun begun,
            AttemptEnded ended,
            boolean provisional,
            boolean wasProvisional)
            throws SQLException {
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
        insert.setBoolean(31, provisional);
        insert.setBoolean(32, wasProvisional);
    }

    private static String json(List<String> tags) {
        try {
            return tags.isEmpty() ? "[]" : JSON.writeValueAsString(tags);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
