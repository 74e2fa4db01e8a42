package dev.weir.actors.meter;

import java.util.List;

/** Which models a key's list names: exact names, {@code prefix/*} wildcards and two words. */
public final class ModelAccess {

    private static final String ALL = "all-proxy-models";
    private static final String NONE = "no-default-models";
    private static final String OF_TEAM = "all-team-models";

    /** A list that allows no model. */
    static final List<String> NOTHING = List.of(NONE);

    private ModelAccess() {}

    /** An empty list allows every model; the empty name stands for a call whose model nobody serves. */
    public static boolean allows(List<String> allowed, String model) {
        if (allowed.isEmpty() || model.isEmpty()) {
            return true;
        }
        for (String entry : allowed) {
            if (entry.equals(ALL)
                    || entry.equals(OF_TEAM)
                    || (entry.equals(model) && !entry.equals(NONE))
                    || matches(entry, model)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the list leaves it to the key's team. */
    static boolean isOfTeam(List<String> allowed) {
        return allowed.contains(OF_TEAM) && !allowed.contains(ALL);
    }

    private static boolean matches(String entry, String model) {
        int stem = entry.length() - 1;
        return stem >= 0 && entry.charAt(stem) == '*' && model.regionMatches(0, entry, 0, stem);
    }
}
