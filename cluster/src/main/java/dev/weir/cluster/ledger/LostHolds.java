package dev.weir.cluster.ledger;

import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Need;
import dev.weir.cluster.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import javax.sql.DataSource;

/**
 * Provisional rows: what the calls of a dead node held, in the ledger for as long as nobody has read that node's journal.
 * When it is read after all, the {@link Shipper} puts the final rows in their place and takes out those of calls that never
 * began an attempt.
 *
 * <p>A hold gets one row however often and by however many it is written, and none once the journal of its node has been
 * read to the end. Blocks, so never on a dispatcher.
 */
public final class LostHolds {

    private static final Comparator<LostHold> BY_CALL = Comparator.comparing(
            LostHold::hold, Comparator.comparingLong(HoldId::incarnation).thenComparingLong(HoldId::sequence));

    private static final String DOOR = "select journal, recovered from door where incarnation = ?";
    private static final String OF_CALL = " where incarnation = ? and call_sequence = ?";
    private static final String ROWS = "select attempt, provisional or was_provisional from ledger" + OF_CALL;
    private static final String PARKED =
            "select begun, tokens, nano_usd from open_attempt" + OF_CALL + " order by attempt desc limit 1";

    /** A start of a node, and whether the journal with its attempts has been read to the end. */
    private record Door(long incarnation, long journal, boolean recovered) {}

    private final DataSource source;
    private final InstantSource clock;

    /** @param source that may write */
    public LostHolds(DataSource source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    /**
     * Writes a row for each, all of them or none. To be repeated when it fails.
     *
     * @return how many were new
     * @throws StoreException when the store was not written, or did not say that it was
     */
    public int write(List<LostHold> lost) {
        List<LostHold> inOrder = lost.stream().sorted(BY_CALL).toList();
        try {
            return Transaction.commit(source, connection -> write(connection, inOrder));
        } catch (SQLException failure) {
            throw new StoreException(
                    lost.size() + " provisional rows cannot be written: " + failure.getMessage(), failure);
        }
    }

    private int write(Connection connection, List<LostHold> lost) throws SQLException {
        Set<Long> unread = lock(connection, lost);
        Booking booking = new Booking(connection);
        int added = 0;
        for (LostHold one : lost) {
            if (unread.contains(one.hold().incarnation())) {
                Optional<Batch.Row> row = row(connection, one);
                if (row.isPresent() && booking.addProvisional(row.get())) {
                    added++;
                }
            }
        }
        booking.post();
        return added;
    }

    /**
     * From now on nobody else writes about these calls: their journals are taken, in order, so that two who write never
     * wait for each other.
     *
     * @return the starts whose journal has not been read to the end
     */
    private static Set<Long> lock(Connection connection, List<LostHold> lost) throws SQLException {
        SortedSet<Long> incarnations = new TreeSet<>();
        lost.forEach(one -> incarnations.add(one.hold().incarnation()));
        SortedSet<Long> journals = new TreeSet<>();
        doors(connection, incarnations).forEach(door -> journals.add(door.journal()));
        for (long journal : journals) {
            LedgerStore.lock(connection, journal);
        }
        doors(connection, incarnations).stream()
                .filter(Door::recovered)
                .forEach(door -> incarnations.remove(door.incarnation()));
        return incarnations;
    }

    private static List<Door> doors(Connection connection, SortedSet<Long> incarnations) throws SQLException {
        List<Door> doors = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(DOOR)) {
            for (long incarnation : incarnations) {
                select.setLong(1, incarnation);
                try (ResultSet door = select.executeQuery()) {
                    if (door.next()) {
                        doors.add(new Door(incarnation, door.getLong(1), door.getBoolean(2)));
                    }
                }
            }
        }
        return doors;
    }

    /** Of the attempt that is parked, else of the one after those that have ended; none when it was written before. */
    private Optional<Batch.Row> row(Connection connection, LostHold lost) throws SQLException {
        int ended = 0;
        try (PreparedStatement select = connection.prepareStatement(ROWS)) {
            select.setLong(1, lost.hold().incarnation());
            select.setLong(2, lost.hold().sequence());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    if (row.getBoolean(2)) {
                        return Optional.empty();
                    }
                    ended = Math.max(ended, row.getInt(1));
                }
            }
        }
        long now = clock.millis();
        AttemptBegun unknown = begun(lost, new AttemptId(lost.hold(), ended + 1), now);
        return Optional.of(parked(connection, unknown)
                .orElse(new Batch.Running(
                        unknown, unknown.held().tokens(), unknown.held().nanoUsd()))
                .lost(now));
    }

    /** What is known of an attempt whose beginning is in a journal that nobody has read. Cut as the journal cuts. */
    private static AttemptBegun begun(LostHold lost, AttemptId id, long now) {
        Need held = Need.ofCall(lost.tokens(), lost.nanoUsd(), lost.nanoUsd() > 0);
        AttemptBegun begun = new AttemptBegun(
                id,
                "",
                lost.keyHash(),
                lost.model(),
                lost.model(),
                "",
                "",
                false,
                held,
                lost.beganMillis() == 0 ? now : lost.beganMillis(),
                lost.teamId(),
                lost.userId(),
                lost.organizationId(),
                lost.endUser(),
                List.of());
        return Scratch.begun(new Scratch().put(begun).body());
    }

    /** What the call held is what it came to hold: the attempt may have begun with less. */
    private static Optional<Batch.Running> parked(Connection connection, AttemptBegun lost) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(PARKED)) {
            select.setLong(1, lost.id().call().incarnation());
            select.setLong(2, lost.id().call().sequence());
            try (ResultSet row = select.executeQuery()) {
                return row.next()
                        ? Optional.of(LedgerStore.running(row)
                                .atLeast(lost.held().tokens(), lost.held().nanoUsd()))
                        : Optional.empty();
            }
        }
    }
}
