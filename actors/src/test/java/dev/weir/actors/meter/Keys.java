package dev.weir.actors.meter;

import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Money;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keys for tests. */
final class Keys {

    private Keys() {}

    static KeySettings unlimited() {
        return key(null, null, null, null, null);
    }

    static KeySettings rpm(long rpm) {
        return key(rpm, null, null, null, null);
    }

    static KeySettings slots(long slots) {
        return key(null, null, slots, null, null);
    }

    static KeySettings budget(long nanoUsd, @Nullable BudgetPeriod period) {
        return key(null, null, null, nanoUsd, period);
    }

    static KeySettings key(
            @Nullable Long rpm,
            @Nullable Long tpm,
            @Nullable Long slots,
            @Nullable Long budget,
            @Nullable BudgetPeriod period) {
        return new KeySettings(
                null,
                List.of(),
                null,
                null,
                budget == null ? null : new Money(budget),
                period,
                rpm,
                tpm,
                slots,
                null,
                KeySettings.KeyType.DEFAULT,
                Map.of(),
                List.of(),
                false);
    }

    static KeySettings named(@Nullable String alias, List<String> models, @Nullable Instant expires) {
        return new KeySettings(
                alias,
                models,
                null,
                null,
                null,
                null,
                5L,
                null,
                null,
                expires,
                KeySettings.KeyType.DEFAULT,
                Map.of(),
                List.of(),
                false);
    }
}
