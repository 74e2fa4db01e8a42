package dev.weir.streams.mock;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The renderings of all models that were asked for, and how often a fault that is limited by {@code times} was met. */
final class Repertoire {
    private static final int MAX_RENDERINGS = 10_000;

    private final Script defaults;
    private final Map<Key, Entry> entries = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> meetings = new ConcurrentHashMap<>();

    private record Key(String model, boolean streamed) {}

    private record Entry(Rendering scripted, Rendering faultless) {}

    Repertoire(Script defaults) {
        this.defaults = defaults;
    }

    /**
     * What to play for this request.
     *
     * @throws IllegalArgumentException naming the item of the model name that is not understood
     */
    Rendering rendering(Request request) {
        Key key = new Key(request.model(), request.streamed());
        Entry entry = entries.get(key);
        if (entry == null) {
            entry = rendered(key);
            if (entries.size() < MAX_RENDERINGS) {
                entries.put(key, entry);
            }
        }
        int times = entry.scripted().script().times();
        return times == Integer.MAX_VALUE || meeting(request.model()) <= times ? entry.scripted() : entry.faultless();
    }

    private int meeting(String model) {
        return meetings.computeIfAbsent(model, any -> new AtomicInteger()).incrementAndGet();
    }

    private Entry rendered(Key key) {
        Script script = Script.of(key.model(), defaults);
        return new Entry(
                Rendering.of(key.model(), script, key.streamed()),
                Rendering.of(key.model(), script.withoutFault(), key.streamed()));
    }
}
