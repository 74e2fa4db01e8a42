package dev.weir.cluster.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The journal's side of the store: batches go in, each exactly once. Blocks; for the shipper's thread. */
final class LedgerStore {

    private static final Logger LOG = LoggerFactory.getLogger(LedgerStore.class);

    private static final String PLACE = "select batch, read_to, released from journal where id = ?";
    private static final String ADVANCE =
            "update journal set batch = ?, read_to = ?, released = ? where id = ? and batch = ?";
    private static final String LOCK = "update journal set batch = batch where id = ?";
    private static final String OPEN = "insert into door (incarnation, journal, recovered) values (?, ?, ?)"
            + " on conflict (incarnation) do nothing";
    private static final String RECOVERED = "update door set recovered = ? where journal = ? and not recovered";
    private static final String PARK = "insert into open_attempt (incarnation, call_sequence, attempt, journal, begun,"
            + " tokens, nano_usd) values (?, ?, ?, ?, ?, ?, ?)";
    private static final String PARKED = "select begun, tokens, nano_usd from open_attempt";
    private static final String RAISE = "update open_attempt set tokens = case when tokens < ? then ? else tokens end,"
            + " nano_usd = case when nano_usd < ? then ? else nano_usd end" + Booking.ID;
    private static final String UNPARK = "delete from open_attempt" + Booking.ID;

    /** How far a journal has been shipped. */
    record Place(long batch, long readTo, long released) {}

    private final DataSource source;

    LedgerStore(DataSource source) {
        this.source = source;
    }

    Optional<Place> place(long journal) throws SQLException {
        return Transaction.commit(source, connection -> place(connection, journal));
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
        Transaction.commit(source, connection -> {
            try (PreparedStatement insert = connection.prepareStatement(
                    "insert into journal (id, batch, read_to, released) values (?, 0, ?, ?)")) {
                insert.setLong(1, journal);
                insert.setLong(2, position);
                insert.setLong(3, position);
                return insert.executeUpdate();
            }
        });
    }

    /** From now on nobody else writes about this journal's attempts, until this transaction ends. */
    static void lock(Connection connection, long journal) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(LOCK)) {
            update.setLong(1, journal);
            update.executeUpdate();
        }
    }

    /** The attempts of this start of a node are in this journal. */
    void open(long incarnation, long journal) throws SQLException {
        Transaction.commit(source, connection -> {
            try (PreparedStatement insert = connection.prepareStatement(OPEN)) {
                insert.setLong(1, incarnation);
                insert.setLong(2, journal);
                insert.setBoolean(3, false);
                return insert.executeUpdate();
            }
        });
    }

    /**
     * Every attempt of this journal has its row: calls that still have a provisional one never began an attempt.
     *
     * @return how many provisional rows were taken out
     */
    int closeDoors(long journal) throws SQLException {
        return Transaction.commit(source, connection -> {
            lock(connection, journal);
            Booking booking = new Booking(connection);
            int withdrawn = booking.takeOut(journal);
            booking.post();
            try (PreparedStatement update = connection.prepareStatement(RECOVERED)) {
                update.setBoolean(1, true);
                update.setLong(2, journal);
                update.executeUpdate();
            }
            return withdrawn;
        });
    }

    /** Some of the attempts that were parked by this journal. */
    List<Batch.Running> parked(long journal, int most) throws SQLException {
        return Transaction.commit(source, connection -> {
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

    static Batch.Running running(ResultSet row) throws SQLException {
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
        return Transaction.commit(source, connection -> {
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
        advance(connection, journal, batch);
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
        Booking booking = new Booking(connection);
        boolean replacing = booking.anyProvisional(journal);
        int added = booking.add(batch.rows(), replacing, careful) + booking.add(resumed, replacing, careful);
        booking.post();
        return added;
    }

    /** First of all: whoever else writes about this journal's attempts waits at its row. */
    private static void advance(Connection connection, long journal, Batch batch) throws SQLException {
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
    }

    private static void park(Connection connection, long journal, List<Batch.Running> parked) throws SQLException {
        if (parked.isEmpty()) {
            return;
        }
        try (PreparedStatement insert = connection.prepareStatement(PARK)) {
            for (Batch.Running running : parked) {
                Booking.key(insert, 1, running.begun().id());
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
                Booking.key(update, 5, so.id());
                update.addBatch();
            }
            update.executeBatch();
        }
    }

    private static @Nullable AttemptBegun parked(Connection connection, AttemptId id) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(PARKED + Booking.ID)) {
            Booking.key(select, 1, id);
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
                Booking.key(delete, 1, id);
                delete.addBatch();
            }
            delete.executeBatch();
        }
    }
}
