package dev.weir.actors.meter;

import dev.weir.config.AccountSettings;
import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limit;
import dev.weir.config.Metered;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an operator set for one limit: how much, and how long a window of it lasts.
 *
 * @param amount in the limit's unit
 * @param more so much more until {@code moreUntil}, in epoch milliseconds
 * @param period null is for ever
 */
record LimitRule(
        LimitId id,
        long amount,
        long more,
        long moreUntil,
        @Nullable BudgetPeriod period) {

    /** The end of a window that does not end. */
    static final long NEVER = Long.MAX_VALUE;

    /** The durable limits of a meter, in the order in which they are told. Of two that are one, the smaller holds. */
    static List<LimitRule> of(Metered settings) {
        Map<LimitId, LimitRule> rules = new LinkedHashMap<>();
        for (Limit limit : settings.limits().all()) {
            LimitRule rule = rule(limit, settings);
            rules.merge(
                    rule.id, rule, (one, other) -> one.amount + one.more <= other.amount + other.more ? one : other);
        }
        Long slots = settings.limits().maxParallelRequests();
        if (slots != null && settings instanceof AccountSettings) {
            rules.put(LimitId.SLOTS, new LimitRule(LimitId.SLOTS, slots, 0, 0, null));
        }
        return List.copyOf(rules.values());
    }

    @SuppressWarnings("ReferenceEquality") // The budget itself, not another one of the same amount.
    private static LimitRule rule(Limit limit, Metered settings) {
        LimitId id = LimitId.of(limit);
        KeySettings.Increase more = settings instanceof KeySettings key ? key.increase() : null;
        return more == null || limit != settings.limits().budget()
                ? new LimitRule(id, limit.amount(), 0, 0, limit.period())
                : new LimitRule(
                        id,
                        limit.amount(),
                        more.amount().nanoUsd(),
                        more.until().toEpochMilli(),
                        limit.period());
    }

    /** The same of one end user. */
    LimitRule ofEndUser(String endUser) {
        return new LimitRule(id.ofEndUser(endUser), amount, more, moreUntil, period);
    }

    long cap(long now) {
        return now < moreUntil ? amount + more : amount;
    }

    /** When a window that opens at {@code start} ends, in epoch milliseconds. */
    long windowEnd(long start, ZoneId zone) {
        return period == null
                ? NEVER
                : period.end(Instant.ofEpochMilli(start), zone).toEpochMilli();
    }

    /** What is left of a debt when each window that passed unused between {@code end} and {@code now} paid its limit. */
    long owedAfterSkipped(long owed, long end, long now, ZoneId zone) {
        long cap = cap(now);
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
