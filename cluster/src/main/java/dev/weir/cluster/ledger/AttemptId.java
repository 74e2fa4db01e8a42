package dev.weir.cluster.ledger;

import dev.weir.actors.meter.HoldId;

/**
 * The identity of one attempt: of a call, which is named by its hold, the {@code number}th, from 1. Upstreams are told
 * it in {@code x-weir-attempt}.
 */
public record AttemptId(HoldId call, int number) {

    @Override
    public String toString() {
        return call + "." + number;
    }

    /** @throws IllegalArgumentException when {@code text} is not what {@link #toString} makes */
    public static AttemptId parse(String text) {
        int dash = text.indexOf('-');
        int dot = text.lastIndexOf('.');
        if (dash < 1 || dot < dash) {
            throw new IllegalArgumentException("attempt: \"" + text + "\" (expected: hex-hex.number)");
        }
        HoldId call = new HoldId(
                Long.parseUnsignedLong(text.substring(0, dash), 16),
                Long.parseUnsignedLong(text.substring(dash + 1, dot), 16));
        return new AttemptId(call, Integer.parseInt(text.substring(dot + 1)));
    }
}
