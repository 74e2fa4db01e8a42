package dev.weir.actors.meter;

import dev.weir.config.Metered;
import java.util.List;

/**
 * A meter as an operator sees it.
 *
 * @param id of a key its SHA-256 in hex, of an account its id
 * @param version of the settings, for {@code Meter.Update}
 * @param spentNanoUsd in its life, as far as the meter knows
 * @param heldNanoUsd by open holds
 * @param openHolds calls in flight
 * @param standings one per limit of the whole chain
 */
public record MeterView(
        String id,
        @Tagged Metered settings,
        long version,
        long spentNanoUsd,
        long heldNanoUsd,
        long openHolds,
        List<Standing> standings) {

    public MeterView {
        standings = List.copyOf(standings);
    }

    /** Of a row that nothing is used of any more. */
    static MeterView of(MeterState row) {
        return new MeterView(row.id(), row.settings(), row.version(), row.spentNanoUsd(), 0, 0, List.of());
    }
}
