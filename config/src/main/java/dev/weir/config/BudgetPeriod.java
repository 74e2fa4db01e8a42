package dev.weir.config;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a budget lasts, in the notation of {@code budget_duration}: {@code 30s 30m 30h 30d 1w 1mo}.
 *
 * <p>Seconds, minutes and hours run from the first request of a window. Days end at a midnight of the configured time
 * zone, weeks on a Monday's, months on the first of a month.
 *
 * @param amount how many units, at least 1
 */
public record BudgetPeriod(int amount, Unit unit) {

    /** The units of the notation. */
    public enum Unit {
        SECONDS("s"),
        MINUTES("m"),
        HOURS("h"),
        DAYS("d"),
        WEEKS("w"),
        MONTHS("mo");

        private final String suffix;

        Unit(String suffix) {
            this.suffix = suffix;
        }
    }

    private static final Pattern NOTATION = Pattern.compile("(\\d{1,9})(s|m|h|d|w|mo)");

    public BudgetPeriod {
        if (amount < 1) {
            throw new IllegalArgumentException("duration: " + amount + " (expected: >= 1)");
        }
    }

    /** @throws IllegalArgumentException naming the value and the notation expected */
    public static BudgetPeriod parse(String text) {
        Matcher matcher = NOTATION.matcher(text.trim());
        if (matcher.matches()) {
            for (Unit unit : Unit.values()) {
                if (unit.suffix.equals(matcher.group(2))) {
                    return new BudgetPeriod(Integer.parseInt(matcher.group(1)), unit);
                }
            }
        }
        throw new IllegalArgumentException("duration: \"" + text + "\" (expected: like 30s, 30m, 30h, 30d, 1w or 1mo)");
    }

    /** When a window that opened at {@code start} ends; always after {@code start}. */
    public Instant end(Instant start, ZoneId zone) {
        ZonedDateTime local = start.atZone(zone);
        ZonedDateTime midnight = local.toLocalDate().atStartOfDay(zone);
        return switch (unit) {
            case SECONDS -> start.plusSeconds(amount);
            case MINUTES -> start.plus(Duration.ofMinutes(amount));
            case HOURS -> start.plus(Duration.ofHours(amount));
            case DAYS -> local.toLocalDate().plusDays(amount).atStartOfDay(zone).toInstant();
            case WEEKS ->
                midnight.minusDays(midnight.getDayOfWeek().getValue() - 1L)
                        .plusWeeks(amount)
                        .toInstant();
            case MONTHS ->
                midnight.withDayOfMonth(1).plus(amount, ChronoUnit.MONTHS).toInstant();
        };
    }

    /** As a span of time: days have 24 hours, and months 30 days. */
    public Duration length() {
        return switch (unit) {
            case SECONDS -> Duration.ofSeconds(amount);
            case MINUTES -> Duration.ofMinutes(amount);
            case HOURS -> Duration.ofHours(amount);
            case DAYS -> Duration.ofDays(amount);
            case WEEKS -> Duration.ofDays(7L * amount);
            case MONTHS -> Duration.ofDays(30L * amount);
        };
    }

    @Override
    public String toString() {
        return amount + unit.suffix;
    }
}
