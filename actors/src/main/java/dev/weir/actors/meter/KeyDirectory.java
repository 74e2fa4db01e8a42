package dev.weir.actors.meter;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which keys there are, as this node has heard, and which secrets lead to them. Whoever shows a secret that leads nowhere
 * is told so at once: a flood of invented ones costs no meter and no read of the store.
 *
 * <p>A key is known to every node before its creation is acknowledged. Some 60 bytes a key. Thread-safe.
 */
public final class KeyDirectory {

    private static final int DIGITS = 16;

    private final Set<Long> keys = ConcurrentHashMap.newKeySet();
    private final Map<String, String> rotated = new ConcurrentHashMap<>();

    /** There is, or was, a key with this id. */
    public void exists(String key) {
        keys.add(fingerprint(key));
    }

    /** A rotated key's secret: its hash leads to the meter of {@code key}. */
    public void leads(String hash, String key) {
        rotated.put(hash, key);
    }

    /** The id of the meter that a secret with this hash leads to, if there is such a key. */
    public String meterOf(String hash) {
        String key = rotated.get(hash);
        return key == null ? hash : key;
    }

    /** False when there certainly is no such key; true says next to nothing, its meter knows. */
    public boolean mayExist(String key) {
        return keys.contains(fingerprint(key));
    }

    /** The first 64 bits of a hash in hex; of any other text some number. */
    private static long fingerprint(String key) {
        long bits = 0;
        for (int i = 0; i < Math.min(DIGITS, key.length()); i++) {
            char c = key.charAt(i);
            bits = (bits << 4) | ((c & 0xf) + (c >> 6) * 9 & 0xf);
        }
        return bits;
    }
}
