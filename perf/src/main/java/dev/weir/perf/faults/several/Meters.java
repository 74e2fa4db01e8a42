package dev.weir.perf.faults.several;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Which node has which meter, as the store knows. */
public final class Meters {

    private final ClusterSite site;

    private Meters(ClusterSite site) {
        this.site = site;
    }

    public static Meters of(ClusterSite site) {
        return new Meters(site);
    }

    /** The number of the node that has the meter of a key; the first if none has claimed it yet. */
    public int owner(String key) throws SQLException {
        try (Connection connection = site.database().connection();
                PreparedStatement select = connection.prepareStatement("select node.address from meter join node"
                        + " on node.incarnation = cast(cast(meter.payload as json) ->> 'host' as bigint)"
                        + " where meter.id = ?")) {
            select.setString(1, hash(key));
            try (ResultSet row = select.executeQuery()) {
                String address = row.next() ? row.getString(1) : null;
                return site.nodes().stream()
                        .filter(node -> node.address().equals(address))
                        .findFirst()
                        .orElse(site.nodes().getFirst())
                        .number();
            }
        }
    }

    /** What accounts' meters have written: what each node was granted of each limit, and has given back. */
    public List<String> accounts() throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = site.database().connection();
                PreparedStatement select =
                        connection.prepareStatement("select payload from meter where kind <> 'key' order by id");
                ResultSet row = select.executeQuery()) {
            while (row.next()) {
                rows.add(row.getString(1));
            }
        }
        return rows;
    }

    private static String hash(String key) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha.digest(key.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException bug) {
            throw new IllegalStateException(bug);
        }
    }
}
