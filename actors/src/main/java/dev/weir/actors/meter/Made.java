package dev.weir.actors.meter;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The changes that operators have made of late: messages get lost where a meter moves, so all of them are sent again until they are answered. */
final class Made {

    private static final int MOST = 64;

    /** By their requests; whether each was answered. Most meters are never changed while they are in memory. */
    private @Nullable Map<Long, Boolean> changes;

    /** It is durable, and will be answered. */
    void made(long request) {
        put(request, false);
    }

    /** Its answer has gone out, or went out with the owner before. */
    void answered(long request) {
        put(request, true);
    }

    private void put(long request, boolean answered) {
        Map<Long, Boolean> all = changes == null ? new LinkedHashMap<>() : changes;
        all.put(request, answered);
        if (all.size() > MOST) {
            all.remove(all.keySet().iterator().next());
        }
        changes = all;
    }

    boolean has(long request) {
        return changes != null && changes.containsKey(request);
    }

    boolean isAnswered(long request) {
        return changes != null && changes.getOrDefault(request, false);
    }
}
