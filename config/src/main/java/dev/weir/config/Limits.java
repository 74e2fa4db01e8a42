package dev.weir.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that limits one key, or one account above it. A limit that is not there does not exist; a limit of 0 refuses
 * everything.
 *
 * @param rates requests and tokens of all models, in any windows
 * @param budget {@code max_budget} with its {@code budget_duration}
 * @param furtherBudgets {@code budget_limits}
 * @param ofModels limits of one model each
 * @param softBudget passing it is reported and refuses nobody
 * @param maxParallelRequests calls in flight
 * @param ofEndUsers {@code end_user_limits}: what each end user has who is named in calls below this; null for nothing
 */
public record Limits(
        List<Limit> rates,
        @Nullable Limit budget,
        List<Limit> furtherBudgets,
        List<Limit> ofModels,
        @Nullable Money softBudget,
        @Nullable Long maxParallelRequests,
        @Nullable Limits ofEndUsers) {

    public static final Limits NONE = new Limits(List.of(), null, List.of(), List.of(), null, null, null);

    public Limits {
        rates = List.copyOf(rates);
        furtherBudgets = List.copyOf(furtherBudgets);
        ofModels = List.copyOf(ofModels);
        if (maxParallelRequests != null && maxParallelRequests < 0) {
            throw new IllegalArgumentException("max_parallel_requests: " + maxParallelRequests + " (expected: >= 0)");
        }
    }

    /** Every limit of an amount, in the order in which they are told: rates, money, those of one model. */
    public List<Limit> all() {
        List<Limit> all = new ArrayList<>(rates);
        if (budget != null) {
            all.add(budget);
        }
        all.addAll(furtherBudgets);
        all.addAll(ofModels);
        return all;
    }

    /** Whether a call of {@code model} has to be paid for out of a budget here. */
    public boolean isAboutMoney(String model) {
        return budget != null
                || !furtherBudgets.isEmpty()
                || ofModels.stream().anyMatch(limit -> limit.of() == Limit.Of.MONEY && model.equals(limit.model()));
    }

    public Limits withRate(Limit.Of of, long amount, String window) {
        return withRate(Limit.rate(of, amount, window));
    }

    public Limits withRate(Limit rate) {
        List<Limit> more = new ArrayList<>(rates);
        more.add(rate);
        return new Limits(more, budget, furtherBudgets, ofModels, softBudget, maxParallelRequests, ofEndUsers);
    }

    public Limits withRpm(long amount) {
        return withRate(Limit.Of.REQUESTS, amount, "60s");
    }

    public Limits withTpm(long amount) {
        return withRate(Limit.Of.TOKENS, amount, "60s");
    }

    public Limits withBudget(Money amount, @Nullable BudgetPeriod period) {
        return withBudget(Limit.money(amount, period));
    }

    public Limits withBudget(Limit other) {
        return new Limits(rates, other, furtherBudgets, ofModels, softBudget, maxParallelRequests, ofEndUsers);
    }

    public Limits withFurtherBudget(Money amount, BudgetPeriod period) {
        return withFurtherBudget(Limit.money(amount, period));
    }

    public Limits withFurtherBudget(Limit other) {
        List<Limit> more = new ArrayList<>(furtherBudgets);
        more.add(other);
        return new Limits(rates, budget, more, ofModels, softBudget, maxParallelRequests, ofEndUsers);
    }

    public Limits withModel(Limit limit) {
        List<Limit> more = new ArrayList<>(ofModels);
        more.add(limit);
        return new Limits(rates, budget, furtherBudgets, more, softBudget, maxParallelRequests, ofEndUsers);
    }

    public Limits withSlots(long slots) {
        return new Limits(rates, budget, furtherBudgets, ofModels, softBudget, slots, ofEndUsers);
    }

    public Limits withSoftBudget(Money amount) {
        return new Limits(rates, budget, furtherBudgets, ofModels, amount, maxParallelRequests, ofEndUsers);
    }

    public Limits withEndUsers(@Nullable Limits each) {
        return new Limits(rates, budget, furtherBudgets, ofModels, softBudget, maxParallelRequests, each);
    }
}
