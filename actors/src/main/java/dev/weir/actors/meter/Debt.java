package dev.weir.actors.meter;

import java.util.Map;

/**
 * What has to be durable before a settlement is acknowledged.
 *
 * @param row the meter's own row, in a plan that is made from now on
 * @param marks by share, how far its account's meter has to be
 */
record Debt(boolean row, Map<Share, Long> marks) {

    static final Debt NONE = new Debt(false, Map.of());

    boolean isNone() {
        return !row && marks.isEmpty();
    }
}
