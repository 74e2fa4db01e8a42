package dev.weir.gateway.telemetry;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What does not work as it should, and what is done about it: a gauge that is 1 meanwhile, and a line in the log at its begin and
 * at its end. Thread-safe.
 */
public final class DegradedModes {

    /** Each of them, with its policy in an operator's words. */
    public enum Mode {
        STORE(
                "the store does not answer",
                "keys go on with what was reserved ahead, then calls get 503; admin writes get 503; nobody gets 401 or 429 for it"),
        AUTHORITY(
                "this node has not heard from its store for so long that others may have taken its meters over",
                "calls here get 503, and running streams go on; where others reach the store this node ends"),
        MEMBERS(
                "nodes of the cluster cannot be reached",
                "keys whose meters are there get 503 until those are taken over, admin writes are answered later"),
        LEDGER("rows wait in the journal for the store", "calls go on for as long as the journal has room"),
        JOURNAL("the journal is full", "new calls get 503 before a byte goes to an upstream"),
        ROW(
                "a meter's row cannot be read",
                "its key, or the keys below its account, get 503; the row is left as it is"),
        ACCOUNT(
                "an account's meter does not answer",
                "keys below it go on with what this node has of it, then get 503"),
        END_USERS(
                "as many end users as weir.meters.end_users allows are in their windows",
                "those get on, others get 429 until windows end"),
        SETTLEMENTS("too many settlements are not acknowledged", "new calls get 503 until fewer are");

        private final String what;
        private final String policy;

        Mode(String what, String policy) {
            this.what = what;
            this.policy = policy;
        }

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(DegradedModes.class);

    private final Telemetry telemetry;
    private final Map<Mode, Boolean> modes = new EnumMap<>(Mode.class);

    public DegradedModes(Telemetry telemetry) {
        this.telemetry = telemetry;
    }

    /** The mode holds, or does not. */
    public synchronized void set(Mode mode, boolean holds) {
        telemetry.degraded(mode.label(), holds);
        boolean before = Boolean.TRUE.equals(modes.put(mode, holds));
        if (holds && !before) {
            LOG.warn("Degraded ({}): {}; {}", mode.label(), mode.what, mode.policy);
        } else if (before && !holds) {
            LOG.info("No longer degraded ({}): {}", mode.label(), mode.what);
        }
    }

    public synchronized boolean holds(Mode mode) {
        return Boolean.TRUE.equals(modes.get(mode));
    }

    /** Which modes hold, by name. */
    public synchronized List<String> holding() {
        return modes.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(mode -> mode.getKey().label())
                .toList();
    }

    /** What does not work, the worst of it; empty when everything does. */
    public synchronized String reason() {
        for (Map.Entry<Mode, Boolean> mode : modes.entrySet()) {
            if (mode.getValue()) {
                return mode.getKey().what;
            }
        }
        return "";
    }
}
