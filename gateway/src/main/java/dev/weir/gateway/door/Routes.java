package dev.weir.gateway.door;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Paths and methods to handlers; immutable once built. */
public final class Routes {

    /** What a path and method lead to. */
    public sealed interface Match {}

    public record Found(Handler handler) implements Match {}

    public record WrongMethod(List<String> allowed) implements Match {}

    public record NoSuchPath() implements Match {}

    private static final NoSuchPath NO_SUCH_PATH = new NoSuchPath();

    private final Map<String, Map<String, Handler>> exact;
    private final Map<String, Map<String, Handler>> prefixes;

    private Routes(Map<String, Map<String, Handler>> exact, Map<String, Map<String, Handler>> prefixes) {
        this.exact = Map.copyOf(exact);
        this.prefixes = prefixes;
    }

    public static Builder builder() {
        return new Builder();
    }

    public Match match(String method, String path) {
        Map<String, Handler> methods = exact.get(path);
        if (methods == null) {
            methods = prefixed(path);
        }
        if (methods == null) {
            return NO_SUCH_PATH;
        }
        Handler handler = methods.get(method);
        if (handler == null && method.equals("HEAD")) {
            handler = methods.get("GET");
        }
        return handler == null
                ? new WrongMethod(methods.keySet().stream().sorted().toList())
                : new Found(handler);
    }

    private @Nullable Map<String, Handler> prefixed(String path) {
        for (Map.Entry<String, Map<String, Handler>> entry : prefixes.entrySet()) {
            if (path.startsWith(entry.getKey())
                    && path.length() > entry.getKey().length()) {
                return entry.getValue();
            }
        }
        return null;
    }

    /** Gathers routes. */
    public static final class Builder {

        private final Map<String, Map<String, Handler>> exact = new HashMap<>();
        private final Map<String, Map<String, Handler>> prefixes = new TreeMap<>();

        /** One path. */
        public Builder at(String method, String path, Handler handler) {
            exact.computeIfAbsent(path, key -> new HashMap<>()).put(method, handler);
            return this;
        }

        /** One path, with {@code /v1} before it and without. */
        public Builder api(String method, String path, Handler handler) {
            return at(method, path, handler).at(method, "/v1" + path, handler);
        }

        /** Every path that goes on behind {@code prefix}, with {@code /v1} before it and without. */
        public Builder apiBelow(String method, String prefix, Handler handler) {
            for (String each : List.of(prefix, "/v1" + prefix)) {
                prefixes.computeIfAbsent(each, key -> new HashMap<>()).put(method, handler);
            }
            return this;
        }

        /** Every path that goes on behind {@code prefix} and is no other route. */
        public Builder below(String method, String prefix, Handler handler) {
            prefixes.computeIfAbsent(prefix, key -> new HashMap<>()).put(method, handler);
            return this;
        }

        public Routes build() {
            return new Routes(exact, prefixes);
        }
    }

    /** Every path that has a handler, for messages. */
    public List<String> paths() {
        return new ArrayList<>(new TreeMap<>(exact).keySet());
    }
}
