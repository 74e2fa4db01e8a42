package dev.weir.cluster.nodes;

import dev.weir.cluster.store.Database;
import dev.weir.cluster.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The table of nodes: one row for each start, whose number is the node's incarnation. All methods block; those that fail may
 * have happened.
 */
public final class NodeTable {

    /** So long without a word and a node is over, if nobody has shut it out before. */
    private static final long FORGOTTEN_MILLIS = 86_400_000;

    private static final String AT_WORK = "fenced_at is null and stopped_at is null";

    private final Database database;
    private final String now;
    private final String mayAct;

    public NodeTable(Database database) {
        this.database = database;
        this.now = database.clock();
        long silent = Authority.TERM.plus(Authority.GUARD).toMillis();
        this.mayAct = AT_WORK + " and coalesce(renewed_at, started_at) >= " + now + " - " + silent;
    }

    /** A number for this start of the process that no other start has or will have. */
    public long register(String version) {
        try (Connection connection = database.writing().getConnection();
                PreparedStatement insert =
                        connection.prepareStatement("insert into node (version, started_at, renewed_at)"
                                + " values (?, " + now + ", " + now + ") returning incarnation")) {
            insert.setString(1, version);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        } catch (SQLException failure) {
            throw new StoreException("the node cannot be registered in the store: " + failure.getMessage(), failure);
        }
    }

    /**
     * A process that certainly has ended: its data directory was this one, whose lock ends with the process.
     *
     * @param address where this node is reached
     */
    void introduce(long incarnation, String address, @Nullable Long predecessor) {
        try (Connection connection = database.writing().getConnection();
                PreparedStatement update =
                        connection.prepareStatement("update node set address = ? where incarnation = ?");
                PreparedStatement end = connection.prepareStatement(
                        "update node set stopped_at = " + now + " where incarnation = ? and stopped_at is null");
                PreparedStatement forget = connection.prepareStatement("update node set stopped_at = " + now
                        + " where stopped_at is null and coalesce(renewed_at, started_at) < " + now + " - "
                        + FORGOTTEN_MILLIS)) {
            if (predecessor != null) {
                end.setLong(1, predecessor);
                end.executeUpdate();
            }
            forget.executeUpdate();
            update.setString(1, address);
            update.setLong(2, incarnation);
            update.executeUpdate();
        } catch (SQLException failure) {
            throw new StoreException("the node cannot be registered in the store: " + failure.getMessage(), failure);
        }
    }

    /**
     * This node is there.
     *
     * @return the store's time; empty when the node was shut out
     */
    OptionalLong renew(Connection connection, long incarnation, boolean joined) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement("update node set renewed_at = " + now
                + ", joined = ? where incarnation = ? and " + AT_WORK + " returning renewed_at")) {
            update.setBoolean(1, joined);
            update.setLong(2, incarnation);
            try (ResultSet row = update.executeQuery()) {
                return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
            }
        }
    }

    /** Those who have not left. */
    List<NodeRow> atWork(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                        "select incarnation, address, coalesce(renewed_at, started_at), fenced_at, joined from node"
                                + " where stopped_at is null order by incarnation");
                ResultSet row = select.executeQuery()) {
            List<NodeRow> rows = new ArrayList<>();
            while (row.next()) {
                row.getLong(4);
                boolean fenced = !row.wasNull();
                rows.add(new NodeRow(row.getLong(1), row.getString(2), row.getLong(3), fenced, row.getBoolean(5)));
            }
            return rows;
        }
    }

    /**
     * Takes a lease, unless another node has it that is at work.
     *
     * @return who has it now; null when this node was shut out
     */
    @Nullable
    LeaseRow takeLease(Connection connection, String name, long incarnation) throws SQLException {
        try (PreparedStatement take = connection.prepareStatement(
                        "insert into lease (name, holder) select ?, incarnation from node where incarnation = ? and "
                                + AT_WORK + " on conflict (name) do update set holder = excluded.holder"
                                + " where not exists (select 1 from node where incarnation = lease.holder and "
                                + mayAct + ")");
                PreparedStatement select = connection.prepareStatement(
                        "select holder, coalesce(renewed_at, started_at) from lease join node"
                                + " on incarnation = holder where name = ? and exists"
                                + " (select 1 from node where incarnation = ? and " + AT_WORK + ")")) {
            take.setString(1, name);
            take.setLong(2, incarnation);
            take.executeUpdate();
            select.setString(1, name);
            select.setLong(2, incarnation);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? new LeaseRow(row.getLong(1), row.getLong(2)) : null;
            }
        }
    }

    /** @param renewedAt when the holder last said that it is there */
    record LeaseRow(long holder, long renewedAt) {}

    /** Others may have it. */
    void leaveLease(Connection connection, String name, long incarnation) throws SQLException {
        try (PreparedStatement delete =
                connection.prepareStatement("delete from lease where name = ? and holder = ?")) {
            delete.setString(1, name);
            delete.setLong(2, incarnation);
            delete.executeUpdate();
        }
    }

    /**
     * From now on the node cannot say that it is there.
     *
     * @param by who says so: a node that is over itself shuts nobody out
     * @return false when that one is
     */
    boolean fence(long incarnation, long by) {
        String ifBy = "exists (select 1 from node where incarnation = ? and " + mayAct + ")";
        try (Connection connection = database.writing().getConnection();
                PreparedStatement update = connection.prepareStatement("update node set fenced_at = " + now
                        + " where incarnation = ? and " + AT_WORK + " and " + ifBy);
                PreparedStatement select = connection.prepareStatement("select 1 where " + ifBy)) {
            update.setLong(1, incarnation);
            update.setLong(2, by);
            if (update.executeUpdate() == 1) {
                return true;
            }
            select.setLong(1, by);
            try (ResultSet row = select.executeQuery()) {
                return row.next();
            }
        } catch (SQLException failure) {
            throw new StoreException("a node's row cannot be written: " + failure.getMessage(), failure);
        }
    }

    /** The node has left, or is over. */
    public void ended(long incarnation) {
        try (Connection connection = database.writing().getConnection();
                PreparedStatement update = connection.prepareStatement(
                        "update node set stopped_at = " + now + " where incarnation = ? and stopped_at is null")) {
            update.setLong(1, incarnation);
            update.executeUpdate();
        } catch (SQLException failure) {
            throw new StoreException("a node's row cannot be written: " + failure.getMessage(), failure);
        }
    }
}
