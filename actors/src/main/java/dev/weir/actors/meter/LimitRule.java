package dev.weir.actors.meter;

import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Money;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an operator set for one limit: how much, and how long a window of it lasts.
 *
 * @param cap in the limit's unit
 * @param period null is for ever
 */
record LimitRule(LimitId id, long cap, @Nullable BudgetPeriod period) {

    /** The end of a window that does not end. */
    static final long NEVER = Long.MAX_VALUE;

    private static final BudgetPeriod MINUTE = new BudgetPeriod(60, BudgetPeriod.Unit.SECONDS);

    /** The durable limits of a key, in the order in which they are told: requests, tokens, money. */
    static List<LimitRule> of(KeySettings settings) {
        List<LimitRule> rules = new ArrayList<>(3);
        Long rpm = settings.rpmLimit();
        if (rpm != null) {
            rules.add(rate(LimitId.Unit.REQUESTS, rpm));
        }
        Long tpm = settings.tpmLimit();
        if (tpm != null) {
            rules.add(rate(LimitId.Unit.TOKENS, tpm));
        }
        Money budget = settings.maxBudget();
        if (budget != null) {
            BudgetPeriod period = settings.budgetDuration();
            String duration = period == null ? null : period.toString();
            LimitId id = new LimitId(LimitId.Kind.BUDGET, LimitId.Unit.NANO_USD, null, duration);
            rules.add(new LimitRule(id, budget.nanoUsd(), period));
        }
        return List.copyOf(rules);
    }

    private static LimitRule rate(LimitId.Unit unit, long cap) {
        return new LimitRule(new LimitId(LimitId.Kind.RATE, unit, null, MINUTE.toString()), cap, MINUTE);
    }

    /** When a window that opens at {@code start} ends, in epoch milliseconds. */
    long windowEnd(long start, ZoneId zone) {
        return period == null
                ? NEVER
                : period.end(Instant.ofEpochMilli(start), zone).toEpochMilli();
    }

    /** What is left of a debt when each window that passed unused between {@code end} and {@code now} paid its limit. */
    long owedAfterSkipped(long owed, long end, long now, ZoneId zone) {
        if (owed == 0 || cap == 0 || period == null) {
            return owed;
        }
        return switch (period.unit()) {
            case SECONDS, MINUTES, HOURS -> {
                long skipped = (now - end) / windowEnd(0, ZoneOffset.UTC);
                yield skipped > owed / cap ? 0 : owed - skipped * cap;
            }
            case DAYS, WEEKS, MONTHS -> {
                long left = owed;
                long next = windowEnd(end, zone);
                while (left > 0 && next <= now) {
                    left = Math.max(0, left - cap);
                    next = windowEnd(next, zone);
                }
                yield left;
            }
        };
    }
}
