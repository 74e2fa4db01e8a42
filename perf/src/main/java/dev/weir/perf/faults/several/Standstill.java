package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.Fault;
import dev.weir.streams.mock.Sighting;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The declared exception of slots: a door that stands still cannot end what it has open when its right to act is over, and
 * others have been given its slots by then. What it begins later is no exception.
 */
public final class Standstill {

    /** A node's right to act lasts ten seconds from a renewal, and there is one every two seconds: in less nobody loses it. */
    private static final long SHORTEST_NANOS = TimeUnit.SECONDS.toNanos(8);

    /** What was under way when it was stopped, and how long that took. */
    private static final long ON_ITS_WAY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private record Pause(String address, long beganNanos, long beganForAllNanos) {}

    private final Map<Long, String> addresses;
    private final List<Pause> pauses;

    private Standstill(Map<Long, String> addresses, List<Pause> pauses) {
        this.addresses = addresses;
        this.pauses = pauses;
    }

    /** @param happened among it what stood still */
    public static Standstill of(ClusterSite site, List<Disturbance.Happened> happened) throws SQLException {
        List<Pause> pauses = new ArrayList<>();
        for (Disturbance.Happened each : happened) {
            if (each.event().fault() == Fault.PAUSE && each.overNanos() - each.atNanos() > SHORTEST_NANOS) {
                String address = site.nodes().get(each.nodes().getFirst()).address();
                pauses.add(new Pause(address, each.atNanos(), each.atNanos() + ON_ITS_WAY_NANOS));
            }
        }
        Map<Long, String> addresses = new HashMap<>();
        try (Connection connection = site.database().connection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select incarnation, address from node")) {
            while (row.next()) {
                addresses.put(row.getLong(1), String.valueOf(row.getString(2)));
            }
        }
        return new Standstill(addresses, pauses);
    }

    /** The attempt was one that such a door had open then. */
    public boolean hadOpen(Sighting sighting) {
        String attempt = sighting.attempt();
        if (attempt == null || pauses.isEmpty()) {
            return false;
        }
        String address = addresses.get(Long.parseUnsignedLong(attempt.substring(0, attempt.indexOf('-')), 16));
        long ended = sighting.endedNanos() == 0 ? Long.MAX_VALUE : sighting.endedNanos();
        return pauses.stream()
                .anyMatch(pause -> pause.address.equals(address)
                        && sighting.arrivedNanos() < pause.beganForAllNanos
                        && ended > pause.beganNanos);
    }
}
