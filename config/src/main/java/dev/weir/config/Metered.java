package dev.weir.config;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a meter is about: a key, or an account above keys. */
public sealed interface Metered permits KeySettings, AccountSettings {

    @Nullable
    String alias();

    /** Public model names, {@code prefix/*} wildcards or {@code all-proxy-models}; empty allows every model. */
    List<String> models();

    Limits limits();

    /** The caller's own JSON object, returned as given. */
    Map<String, Object> metadata();

    boolean blocked();

    Metered withBlocked(boolean blocked);
}
