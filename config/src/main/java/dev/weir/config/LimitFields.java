package dev.weir.config;

import dev.weir.config.Limit.Of;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The fields that limit, as keys and accounts spell them alike. */
final class LimitFields {

    /** As it has been written since the first rows: another spelling would be another limit, and its figures lost. */
    private static final String MINUTE = "60s";

    private record Rate(String name, Of of, String window) {}

    private static final List<Rate> RATES = List.of(
            new Rate("rps_limit", Of.REQUESTS, "1s"),
            new Rate("rpm_limit", Of.REQUESTS, MINUTE),
            new Rate("rph_limit", Of.REQUESTS, "1h"),
            new Rate("rpd_limit", Of.REQUESTS, "1d"),
            new Rate("tps_limit", Of.TOKENS, "1s"),
            new Rate("tpm_limit", Of.TOKENS, MINUTE),
            new Rate("tph_limit", Of.TOKENS, "1h"),
            new Rate("tpd_limit", Of.TOKENS, "1d"));

    private static final List<Rate> MODEL_RATES =
            List.of(new Rate("model_rpm_limit", Of.REQUESTS, MINUTE), new Rate("model_tpm_limit", Of.TOKENS, MINUTE));

    private static final String MODEL_BUDGETS = "model_max_budget";
    private static final String FURTHER_BUDGETS = "budget_limits";
    private static final String SLOTS = "max_parallel_requests";
    private static final String BUDGET = "max_budget";
    private static final String DURATION = "budget_duration";
    private static final String SOFT_BUDGET = "soft_budget";
    private static final String END_USERS = "end_user_limits";

    /** In LiteLLM's own words for the budget of a model. */
    private static final String MODEL_BUDGET = "budget_limit";

    private static final String MODEL_DURATION = "time_period";
    private static final BigDecimal MAX_BUDGET = BigDecimal.valueOf(9_000_000_000L);

    static final Set<String> NAMES = names();

    /** What one end user can have. Nobody reports on theirs, and theirs have none. */
    private static final Set<String> OF_END_USERS = ofEndUsers();

    private LimitFields() {}

    private static Set<String> names() {
        Set<String> names =
                new TreeSet<>(Set.of(BUDGET, DURATION, SOFT_BUDGET, FURTHER_BUDGETS, MODEL_BUDGETS, SLOTS, END_USERS));
        RATES.forEach(rate -> names.add(rate.name));
        MODEL_RATES.forEach(rate -> names.add(rate.name));
        return names;
    }

    private static Set<String> ofEndUsers() {
        Set<String> names = names();
        names.removeAll(Set.of(SOFT_BUDGET, END_USERS));
        return names;
    }

    /** A field that is there replaces the old one, a null clears it. Problems are noted. */
    static Limits patched(Limits old, Value fields) {
        List<Limit> rates = new ArrayList<>();
        for (Rate rate : RATES) {
            BudgetPeriod window = BudgetPeriod.parse(rate.window);
            Long before = amount(old.rates(), rate.of, window);
            Long amount = field(fields, rate.name, before, LimitFields::limit);
            if (amount != null) {
                rates.add(new Limit(rate.of, amount, window, null));
            }
        }
        Limit budget = budget(old.budget(), fields);
        List<Limit> further = field(fields, FURTHER_BUDGETS, old.furtherBudgets(), LimitFields::budgets);
        return new Limits(
                rates,
                budget,
                further == null ? List.of() : further,
                ofModels(old.ofModels(), fields),
                field(fields, SOFT_BUDGET, old.softBudget(), LimitFields::money),
                field(fields, SLOTS, old.maxParallelRequests(), LimitFields::limit),
                field(fields, END_USERS, old.ofEndUsers(), LimitFields::endUsers));
    }

    /** An object that takes the place of the whole former one. */
    private static @Nullable Limits endUsers(Value fields) {
        requireNames(fields, OF_END_USERS);
        Limits limits = patched(Limits.NONE, fields);
        for (Limit limit : limits.all()) {
            if (limit.period() == null) {
                // Whoever can be invented at will would be remembered for ever.
                fields.at(limit.model() == null ? BUDGET : MODEL_BUDGETS)
                        .problem("a duration beside it, as end users are many");
            }
        }
        return limits.equals(Limits.NONE) ? null : limits;
    }

    private static @Nullable Limit budget(@Nullable Limit old, Value fields) {
        Money before = old == null ? null : new Money(old.amount());
        Money amount = field(fields, BUDGET, before, LimitFields::money);
        BudgetPeriod kept = old == null || amount == null ? null : old.period();
        BudgetPeriod period = field(fields, DURATION, kept, LimitFields::period);
        if (amount == null) {
            if (period != null) {
                fields.at(DURATION).problem("with " + BUDGET);
            }
            return null;
        }
        return Limit.money(amount, period);
    }

    private static List<Limit> budgets(Value list) {
        List<Limit> budgets = new ArrayList<>();
        for (Value item : list.items()) {
            requireNames(item, Set.of(BUDGET, DURATION));
            BudgetPeriod period = period(item.at(DURATION));
            if (period != null) {
                budgets.add(Limit.money(money(item.at(BUDGET)), period));
            }
        }
        return budgets;
    }

    private static List<Limit> ofModels(List<Limit> old, Value fields) {
        List<Limit> limits = new ArrayList<>();
        for (Rate rate : MODEL_RATES) {
            List<Limit> before =
                    old.stream().filter(limit -> limit.of() == rate.of).toList();
            List<Limit> now = field(fields, rate.name, before, value -> modelRates(rate, value));
            limits.addAll(now == null ? List.of() : now);
        }
        List<Limit> before =
                old.stream().filter(limit -> limit.of() == Of.MONEY).toList();
        List<Limit> now = field(fields, MODEL_BUDGETS, before, LimitFields::modelBudgets);
        limits.addAll(now == null ? List.of() : now);
        return limits;
    }

    private static List<Limit> modelRates(Rate rate, Value models) {
        BudgetPeriod window = BudgetPeriod.parse(rate.window);
        return models.keys().stream()
                .map(model -> new Limit(rate.of, limit(models.at(model)), window, model))
                .toList();
    }

    /** By model: an amount for its life, or an amount and how long it lasts. */
    private static List<Limit> modelBudgets(Value models) {
        List<Limit> budgets = new ArrayList<>();
        for (String model : models.keys()) {
            Value value = models.at(model);
            if (!(value.raw() instanceof Map<?, ?>)) {
                budgets.add(new Limit(Of.MONEY, money(value).nanoUsd(), null, model));
                continue;
            }
            requireNames(value, Set.of(MODEL_BUDGET, MODEL_DURATION, BUDGET, DURATION));
            Value amount = value.at(value.keys().contains(BUDGET) ? BUDGET : MODEL_BUDGET);
            Value duration = value.at(value.keys().contains(DURATION) ? DURATION : MODEL_DURATION);
            BudgetPeriod period = duration.isAbsent() ? null : period(duration);
            budgets.add(new Limit(Of.MONEY, money(amount).nanoUsd(), period, model));
        }
        return budgets;
    }

    private static void requireNames(Value block, Set<String> known) {
        for (String name : block.keys()) {
            if (!known.contains(name)) {
                Value value = block.at(name);
                value.reading().problem(value.path(), "unknown field", Nearest.expectation(name, known));
            }
        }
    }

    /** Every one of them, with null for a limit that does not exist; rates of Weir's own only where they are set. */
    static void render(Limits limits, Map<String, @Nullable Object> fields) {
        Limit budget = limits.budget();
        fields.put(BUDGET, budget == null ? null : usd(budget.amount()));
        fields.put(DURATION, budget == null ? null : text(budget.period()));
        fields.put(
                FURTHER_BUDGETS,
                limits.furtherBudgets().stream().map(LimitFields::renderBudget).toList());
        fields.put(
                SOFT_BUDGET,
                limits.softBudget() == null ? null : usd(limits.softBudget().nanoUsd()));
        for (Rate rate : RATES) {
            Long amount = amount(limits.rates(), rate.of, BudgetPeriod.parse(rate.window));
            if (amount != null || rate.window.equals(MINUTE)) {
                fields.put(rate.name, amount);
            }
        }
        fields.put(SLOTS, limits.maxParallelRequests());
        for (Rate rate : MODEL_RATES) {
            fields.put(rate.name, byModel(limits, rate.of, Limit::amount));
        }
        fields.put(MODEL_BUDGETS, byModel(limits, Of.MONEY, LimitFields::renderModelBudget));
        Limits ofEndUsers = limits.ofEndUsers();
        if (ofEndUsers != null) {
            fields.put(END_USERS, rendered(ofEndUsers));
        }
    }

    /** Those that are set. */
    private static Map<String, @Nullable Object> rendered(Limits limits) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        render(limits, fields);
        fields.values()
                .removeIf(value -> value == null
                        || (value instanceof List<?> list && list.isEmpty())
                        || (value instanceof Map<?, ?> map && map.isEmpty()));
        return fields;
    }

    private static Map<String, Object> renderBudget(Limit budget) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put(DURATION, String.valueOf(budget.period()));
        fields.put(BUDGET, usd(budget.amount()));
        return fields;
    }

    private static Object renderModelBudget(Limit budget) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(MODEL_BUDGET, usd(budget.amount()));
        fields.put(MODEL_DURATION, text(budget.period()));
        return fields;
    }

    private static Map<String, Object> byModel(Limits limits, Of of, Function<Limit, Object> shown) {
        Map<String, Object> byModel = new LinkedHashMap<>();
        for (Limit limit : limits.ofModels()) {
            if (limit.of() == of) {
                byModel.put(String.valueOf(limit.model()), shown.apply(limit));
            }
        }
        return byModel;
    }

    private static @Nullable Long amount(List<Limit> rates, Of of, BudgetPeriod window) {
        Optional<Limit> found = rates.stream()
                .filter(rate -> rate.of() == of && window.equals(rate.period()))
                .findFirst();
        return found.map(Limit::amount).orElse(null);
    }

    private static @Nullable String text(@Nullable BudgetPeriod period) {
        return period == null ? null : period.toString();
    }

    static BigDecimal usd(long nanoUsd) {
        BigDecimal usd = new Money(nanoUsd).toUsd();
        return usd.scale() < 0 ? usd.setScale(0) : usd;
    }

    // How a field is read, here and for what is not about limits.

    static <T> @Nullable T field(Value fields, String name, @Nullable T old, Function<Value, @Nullable T> read) {
        if (!fields.keys().contains(name)) {
            return old;
        }
        Value value = fields.at(name);
        return value.isAbsent() ? null : read.apply(value);
    }

    static <T> T orElse(@Nullable T value, T otherwise) {
        return Objects.requireNonNullElse(value, otherwise);
    }

    static Money money(Value value) {
        return Money.ofUsd(value.decimal(MAX_BUDGET));
    }

    private static Long limit(Value value) {
        return value.integer(0, Long.MAX_VALUE);
    }

    static @Nullable BudgetPeriod period(Value value) {
        String text = value.resolved();
        try {
            if (text != null) {
                return BudgetPeriod.parse(text);
            }
        } catch (IllegalArgumentException e) {
            // told below, with everything else that is no period
        }
        value.problem("a duration like 30s, 30m, 30h, 30d, 1w or 1mo");
        return null;
    }
}
