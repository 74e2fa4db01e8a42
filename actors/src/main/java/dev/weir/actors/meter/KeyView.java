package dev.weir.actors.meter;

import dev.weir.config.KeySettings;
import java.util.List;

/**
 * A key as an operator sees it.
 *
 * @param id its SHA-256 in hex
 * @param version of the settings, for {@code Meter.Update}
 * @param spentNanoUsd in its life, as far as the meter knows
 * @param heldNanoUsd by open holds
 * @param openHolds calls in flight
 * @param standings one per limit
 */
public record KeyView(
        String id,
        KeySettings settings,
        long version,
        long spentNanoUsd,
        long heldNanoUsd,
        long openHolds,
        List<Standing> standings) {

    public KeyView {
        standings = List.copyOf(standings);
    }
}
