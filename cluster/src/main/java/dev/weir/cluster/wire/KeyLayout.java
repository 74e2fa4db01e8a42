package dev.weir.cluster.wire;

import dev.weir.config.BudgetPeriod;
import dev.weir.config.KeySettings;
import dev.weir.config.Limit;
import dev.weir.config.Limits;
import dev.weir.config.Money;
import java.util.List;
import java.util.function.Function;

/** The {@link KeySettings} that a grant brings with it: its components in their order. */
final class KeyLayout {

    private static final List<KeySettings.KeyType> TYPES = List.of(KeySettings.KeyType.values());
    private static final List<Limit.Of> COUNTED = List.of(Limit.Of.values());
    private static final List<BudgetPeriod.Unit> UNITS = List.of(BudgetPeriod.Unit.values());

    private KeyLayout() {}

    static void write(Output out, KeySettings key) {
        out.optional(key.alias(), Output::text);
        out.list(key.models(), Output::text);
        out.optional(key.userId(), Output::text);
        out.optional(key.teamId(), Output::text);
        out.optional(key.organizationId(), Output::text);
        limits(out, key.limits());
        out.optional(key.increase(), KeyLayout::increase);
        out.optional(key.expires(), Output::instant);
        type(out, key.keyType());
        JsonLayout.object(out, key.metadata());
        out.list(key.tags(), Output::text);
        out.bool(key.blocked());
    }

    static KeySettings read(Input in) {
        return new KeySettings(
                in.optional(Input::text),
                in.list(Input::text),
                in.optional(Input::text),
                in.optional(Input::text),
                in.optional(Input::text),
                limits(in),
                in.optional(KeyLayout::increase),
                in.optional(Input::instant),
                type(in),
                JsonLayout.object(in),
                in.list(Input::text),
                in.bool());
    }

    private static void limits(Output out, Limits limits) {
        out.list(limits.rates(), KeyLayout::limit);
        out.optional(limits.budget(), KeyLayout::limit);
        out.list(limits.furtherBudgets(), KeyLayout::limit);
        out.list(limits.ofModels(), KeyLayout::limit);
        out.optional(limits.softBudget(), KeyLayout::money);
        out.optional(limits.maxParallelRequests(), Output::number);
        out.optional(limits.ofEndUsers(), KeyLayout::limits);
    }

    private static Limits limits(Input in) {
        return limits(in, KeyLayout::ofEndUsers);
    }

    private static Limits limits(Input in, Function<Input, Limits> ofEndUsers) {
        return new Limits(
                in.list(KeyLayout::limit),
                in.optional(KeyLayout::limit),
                in.list(KeyLayout::limit),
                in.list(KeyLayout::limit),
                in.optional(KeyLayout::money),
                in.optional(Input::number),
                in.optional(ofEndUsers));
    }

    private static Limits ofEndUsers(Input in) {
        return limits(in, further -> {
            throw new IllegalArgumentException("limits of the end users of an end user");
        });
    }

    private static void limit(Output out, Limit limit) {
        out.code(code(limit.of()));
        out.number(limit.amount());
        out.optional(limit.period(), KeyLayout::period);
        out.optional(limit.model(), Output::text);
    }

    private static Limit limit(Input in) {
        return new Limit(
                in.coded(COUNTED, KeyLayout::code),
                in.number(),
                in.optional(KeyLayout::period),
                in.optional(Input::text));
    }

    private static void increase(Output out, KeySettings.Increase increase) {
        money(out, increase.amount());
        out.instant(increase.until());
    }

    private static KeySettings.Increase increase(Input in) {
        return new KeySettings.Increase(money(in), in.instant());
    }

    private static int code(Limit.Of of) {
        return switch (of) {
            case REQUESTS -> 1;
            case TOKENS -> 2;
            case MONEY -> 3;
        };
    }

    private static void money(Output out, Money money) {
        out.number(money.nanoUsd());
    }

    private static Money money(Input in) {
        return new Money(in.number());
    }

    static void period(Output out, BudgetPeriod period) {
        out.number(period.amount());
        out.code(code(period.unit()));
    }

    static BudgetPeriod period(Input in) {
        return new BudgetPeriod(in.integer(), in.coded(UNITS, KeyLayout::code));
    }

    static void type(Output out, KeySettings.KeyType type) {
        out.code(code(type));
    }

    static KeySettings.KeyType type(Input in) {
        return in.coded(TYPES, KeyLayout::code);
    }

    private static int code(KeySettings.KeyType type) {
        return switch (type) {
            case DEFAULT -> 1;
            case LLM_API -> 2;
            case MANAGEMENT -> 3;
            case READ_ONLY -> 4;
        };
    }

    private static int code(BudgetPeriod.Unit unit) {
        return switch (unit) {
            case SECONDS -> 1;
            case MINUTES -> 2;
            case HOURS -> 3;
            case DAYS -> 4;
            case WEEKS -> 5;
            case MONTHS -> 6;
        };
    }
}
