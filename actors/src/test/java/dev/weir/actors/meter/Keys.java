package dev.weir.actors.meter;

import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.time.Instant;
import java.util.List;
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
        Limits limits = Limits.NONE;
        if (rpm != null) {
            limits = limits.withRpm(rpm);
        }
        if (tpm != null) {
            limits = limits.withTpm(tpm);
        }
        if (budget != null) {
            limits = limits.withBudget(new Money(budget), period);
        }
        if (slots != null) {
            limits = limits.withSlots(slots);
        }
        return KeySettings.UNLIMITED.withLimits(limits);
    }

    static KeySettings named(@Nullable String alias, List<String> models, @Nullable Instant expires) {
        return KeySettings.UNLIMITED
                .withAlias(alias)
                .withModels(models)
                .withExpires(expires)
                .withLimits(Limits.NONE.withRpm(5));
    }
}
