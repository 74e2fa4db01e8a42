package dev.weir.cluster.store;

import dev.weir.config.DatabaseUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Copies of an embedded store: into a file while a Weir uses it, and into a PostgreSQL that takes its place. */
public final class StoreCopy {

    private static final List<String> TABLES =
            List.of("node", "meter", "key_secret", "spend", "journal", "door", "open_attempt", "ledger");
    private static final int AT_ONCE = 1_000;

    private record Column(String name, int type) {}

    private StoreCopy() {}

    /**
     * Writes a copy of the store as it is at one moment, whether or not a Weir uses it.
     *
     * @param data the data directory
     * @param file that is not there yet; in a directory as {@code weir.db} it is a store
     * @throws StoreException when there is no store, or the file is there already or cannot be written
     */
    public static void backup(Path data, Path file) {
        Path store = data.resolve(Embedded.FILE);
        if (!Files.exists(store)) {
            throw new StoreException("data directory " + data.toAbsolutePath() + " has no embedded store (expected: "
                    + Embedded.FILE + "; a PostgreSQL is backed up by its own tools)");
        }
        if (Files.exists(file)) {
            throw new StoreException(file.toAbsolutePath() + " is there already (expected: a new file)");
        }
        try (Connection connection = Embedded.source(store).getConnection();
                PreparedStatement copy = connection.prepareStatement("vacuum into ?")) {
            copy.setString(1, file.toAbsolutePath().toString());
            copy.execute();
        } catch (SQLException failure) {
            throw new StoreException("the store cannot be copied: " + failure.getMessage(), failure);
        }
    }

    /**
     * Copies an embedded store into an empty PostgreSQL. Nothing is changed in the embedded one.
     *
     * @param data the data directory, which no Weir uses meanwhile
     * @return how many rows each table has
     * @throws StoreException when either cannot be used, or the database has a store already
     */
    public static Map<String, Long> move(Path data, DatabaseUrl url) {
        if (!Files.exists(data.resolve(Embedded.FILE))) {
            throw new StoreException("data directory " + data.toAbsolutePath() + " has no embedded store to move");
        }
        try (Database from = Database.open(data);
                Postgres engine = new Postgres(url, Duration.ZERO)) {
            Database.migrate(engine);
            try (Connection source = from.reading().getConnection();
                    Connection target = engine.source().getConnection()) {
                target.setAutoCommit(false);
                Map<String, Long> rows = new LinkedHashMap<>();
                for (String table : TABLES) {
                    requireEmpty(target, table);
                }
                for (String table : TABLES) {
                    rows.put(table, copy(source, target, table));
                }
                restartIncarnations(target);
                target.commit();
                return rows;
            }
        } catch (SQLException failure) {
            throw new StoreException("the store cannot be moved: " + failure.getMessage(), failure);
        }
    }

    private static void requireEmpty(Connection target, String table) throws SQLException {
        if (count(target, table) > 0) {
            throw new StoreException(
                    "the database has a store already: " + table + " is not empty (expected: an empty" + " database)");
        }
    }

    private static long count(Connection connection, String table) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from " + table)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static long copy(Connection source, Connection target, String table) throws SQLException {
        List<Column> columns = columns(target, table);
        String names = columns.stream().map(Column::name).collect(Collectors.joining(", "));
        String marks = columns.stream().map(column -> "?").collect(Collectors.joining(", "));
        // The numbers of former starts stay: no later one may have them again.
        String numbered = table.equals("node") ? " overriding system value" : "";
        long rows = 0;
        try (Statement select = source.createStatement();
                ResultSet row = select.executeQuery("select " + names + " from " + table);
                PreparedStatement insert = target.prepareStatement(
                        "insert into " + table + " (" + names + ")" + numbered + " values (" + marks + ")")) {
            while (row.next()) {
                for (int i = 1; i <= columns.size(); i++) {
                    set(insert, i, columns.get(i - 1).type, row);
                }
                insert.addBatch();
                if (++rows % AT_ONCE == 0) {
                    insert.executeBatch();
                }
            }
            insert.executeBatch();
        }
        if (count(source, table) != rows || count(target, table) != rows) {
            throw new StoreException("table " + table + " has changed while it was copied");
        }
        return rows;
    }

    private static List<Column> columns(Connection target, String table) throws SQLException {
        DatabaseMetaData facts = target.getMetaData();
        List<Column> columns = new ArrayList<>();
        try (ResultSet column = facts.getColumns(null, target.getSchema(), table, null)) {
            while (column.next()) {
                columns.add(new Column(column.getString("COLUMN_NAME"), column.getInt("DATA_TYPE")));
            }
        }
        return columns;
    }

    private static void set(PreparedStatement insert, int index, int type, ResultSet row) throws SQLException {
        switch (type) {
            case Types.BIGINT, Types.INTEGER -> {
                long value = row.getLong(index);
                if (row.wasNull()) {
                    insert.setNull(index, type);
                } else {
                    insert.setLong(index, value);
                }
            }
            case Types.BOOLEAN, Types.BIT -> insert.setBoolean(index, row.getBoolean(index));
            case Types.BINARY, Types.VARBINARY -> insert.setBytes(index, row.getBytes(index));
            default -> insert.setString(index, row.getString(index));
        }
    }

    private static void restartIncarnations(Connection target) throws SQLException {
        try (Statement statement = target.createStatement()) {
            long next;
            try (ResultSet row = statement.executeQuery("select coalesce(max(incarnation), 0) + 1 from node")) {
                row.next();
                next = row.getLong(1);
            }
            statement.execute("alter table node alter column incarnation restart with " + next);
        }
    }
}
