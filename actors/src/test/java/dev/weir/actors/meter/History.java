package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.KeySettings;
import dev.weir.config.Limit;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A meter's life driven by numbers, beside a witness that counts for itself: what was granted, in which generation, and
 * what of it was used. The witness checks the promises after every step.
 */
final class History {

    private record Window(LimitId limit, long gen) {}

    private record Taken(LimitId limit, long gen, long amount, boolean beyond) {}

    private record Call(HoldId id, Need need, long epoch, List<Taken> taken, int topUps, boolean lost) {

        Call with(Need more, List<Taken> takenMore, int topUp) {
            List<Taken> all = new ArrayList<>(taken);
            all.addAll(takenMore);
            return new Call(id, need.and(more), epoch, all, topUp, lost);
        }
    }

    /** Nobody is above this key, so that nobody is watched. */
    @SuppressWarnings("NullAway")
    private static final ActorRef<Meter.Command> WATCHER = null;

    /** In thousandths. */
    private static final int OVERAGE = 50;

    private final KeySettings first;
    private final boolean impatient;
    private final Map<Window, Long> used = new HashMap<>();
    /** Calls that are over, of this owner and of the one before that left by itself. */
    private final List<Call> ended = new ArrayList<>();

    private final Map<Window, Long> excess = new HashMap<>();
    private final Map<HoldId, Ask> waiting = new LinkedHashMap<>();
    private final List<Call> open = new ArrayList<>();
    private MeterSettings common = node(1);
    private MeterState row;
    private Purse purse;
    private @Nullable MeterState inFlight;
    private long now = 1_800_000_000_000L;
    private long sequence;
    private int crashes;
    private int granted;

    /** @param impatient commands come between a plan and its write */
    History(KeySettings settings, boolean impatient) {
        this.first = settings;
        this.impatient = impatient;
        this.row = MeterState.created("k", settings, 1, now).next(1);
        this.purse = Purse.ofCreated(row, common, shares(), WATCHER);
    }

    int granted() {
        return granted;
    }

    void play(List<Integer> script) {
        for (int each : script) {
            int argument = each >> 4;
            switch (each & 15) {
                case 0, 1, 2, 3, 4 -> reserve(argument);
                case 5 -> topUp(argument);
                case 6, 7, 8 -> settle(argument);
                case 9 -> pass(argument % 90_000);
                case 10 -> pass(-(argument % 500));
                case 11, 12 -> finishWrite();
                case 13 -> restart(argument);
                case 14 -> crash((argument & 1) == 0);
                default -> change(argument);
            }
            if (!impatient) {
                quiesce();
            }
            check();
        }
        quiesce();
        check();
    }

    /** An operator sets other amounts, or takes limits away for some time. */
    private void change(int argument) {
        if (inFlight == null && purse.isClaimed()) {
            KeySettings next = Keys.key(
                    other(amount(Limit.Of.REQUESTS), argument),
                    other(amount(Limit.Of.TOKENS), argument / 3),
                    first.limits().maxParallelRequests(),
                    other(amount(Limit.Of.MONEY), argument / 7),
                    first.limits().budget() == null
                            ? null
                            : first.limits().budget().period());
            purse.plan(s -> s.withSettings(next, now, purse.spent()), waiting.values(), now, ++sequence)
                    .ifPresent(this::begin);
        }
    }

    private @Nullable Long amount(Limit.Of of) {
        return first.limits().all().stream()
                .filter(limit -> limit.of() == of)
                .map(Limit::amount)
                .findFirst()
                .orElse(null);
    }

    private static @Nullable Long other(@Nullable Long amount, int argument) {
        return amount == null || argument % 9 == 8 ? null : argument % (2 * amount + 1);
    }

    private void pass(long millis) {
        now += millis;
    }

    void reserve(int argument) {
        Need need = new Need(1, 1 + argument % 23, 1 + argument % 37, 1, true);
        HoldId id = new HoldId(common.host(), ++sequence);
        Ask ask = new Ask(id, "k", "m", need, null, 0, 0, true);
        if (!decide(ask)) {
            waiting.put(id, ask);
            purse.queue(ask, now);
            plan();
        }
    }

    private void decided(HoldId id, Need need, Decision decision, MeterView before) {
        if (!(decision instanceof Decision.Granted grant)) {
            assertThat(decision).isInstanceOf(Decision.Exceeded.class);
            assertThat(purse.view(now)).as("a refused call moves no counter").isEqualTo(before);
            return;
        }
        granted++;
        List<Taken> taken = new ArrayList<>();
        for (LimitState limit : row.limits()) {
            long amount = limit.id().unit().of(need);
            taken.add(new Taken(limit.id(), limit.gen(), amount, false));
            long sum = used.merge(new Window(limit.id(), limit.gen()), amount, Long::sum);
            assertThat(sum).as("%s: holds and use", limit).isLessThanOrEqualTo(cap(limit.id()));
        }
        open.add(new Call(id, need, grant.epoch(), taken, 0, false));
    }

    /** A call that runs asks for more; what its limits do not have may come from beyond them. */
    private void topUp(int argument) {
        List<Call> running = open.stream().filter(call -> !call.lost).toList();
        if (running.isEmpty()) {
            return;
        }
        Call call = running.get(argument % running.size());
        if (waiting.containsKey(call.id)) {
            return;
        }
        Need more = Need.ofMore(1 + argument % 23, 1 + argument % 37, true);
        Ask ask = new Ask(call.id, "", "m", more, null, call.topUps + 1, call.epoch, true);
        if (!decide(ask)) {
            waiting.put(call.id, ask);
            purse.queue(ask, now);
            plan();
        }
    }

    /** @return false when it has to wait */
    private boolean decide(Ask ask) {
        MeterView before = purse.view(now);
        Optional<Decision> decision = purse.reserve(ask, now);
        if (decision.isEmpty()) {
            return false;
        }
        if (ask.topUp() == 0) {
            decided(ask.hold(), ask.need(), decision.get(), before);
        } else {
            toppedUp(ask, decision.get(), before);
        }
        return true;
    }

    private void toppedUp(Ask ask, Decision decision, MeterView before) {
        Debt debt = purse.takeDebt();
        if (!(decision instanceof Decision.Granted)) {
            assertThat(purse.view(now)).as("a refused top-up moves no counter").isEqualTo(before);
            return;
        }
        List<Taken> taken = new ArrayList<>();
        for (Standing standing : before.standings()) {
            long amount = standing.id().unit().of(ask.need());
            if (amount == 0) {
                continue;
            }
            long cap = standing.limit();
            boolean beyond = standing.committed() + amount > cap;
            assertThat(standing.committed() + amount)
                    .as("%s: beyond by no more than the overage", standing)
                    .isLessThanOrEqualTo(cap + cap * OVERAGE / 1000);
            assertThat(debt.row() || !beyond)
                    .as("what is beyond is durable first")
                    .isTrue();
            long gen = limit(row, standing.id()).gen();
            Window window = new Window(standing.id(), gen);
            (beyond ? excess : used).merge(window, amount, Long::sum);
            taken.add(new Taken(standing.id(), gen, amount, beyond));
        }
        assertThat(purse.reserve(ask, now)).as("a top-up counts once").get().isInstanceOf(Decision.Granted.class);
        open.replaceAll(call -> call.id.equals(ask.hold()) ? call.with(ask.need(), taken, ask.topUp()) : call);
        if (debt.row()) {
            plan();
        }
    }

    private void settle(int argument) {
        if (open.isEmpty()) {
            return;
        }
        Call call = open.remove(argument % open.size());
        waiting.remove(call.id);
        boolean began = (argument & 3) != 0;
        Need use = new Need(1, argument % 41, argument % 53, 1, true);
        boolean owes = purse.settle(call.id, call.epoch, "gpt", null, call.need, use, began)
                .orElseThrow()
                .row();
        boolean again = purse.settle(call.id, call.epoch, "gpt", null, call.need, use, began)
                .orElseThrow()
                .row();
        for (LimitState limit : row.limits()) {
            witness(call, limit, use, began);
        }
        assertThat(again && !owes).as("a settlement counts once").isFalse();
        Ask late = new Ask(call.id, "", "m", Need.ofMore(1, 1, true), null, call.topUps + 1, call.epoch, true);
        assertThat(purse.reserve(late, now).filter(Decision.Granted.class::isInstance))
                .as("a call that is over gets no more")
                .isEmpty();
        if (owes) {
            plan();
        }
        drain();
        ended.add(call);
        again(ended.get(argument % ended.size()), use, began);
    }

    /** The acknowledgement was lost, or the meter has left in between: it counts once all the same. */
    private void again(Call call, Need use, boolean began) {
        if (purse.isClaimed()) {
            List<Standing> before = purse.standings(now);
            assertThat(purse.settle(call.id, call.epoch, "gpt", null, call.need, use, began)
                            .orElseThrow()
                            .row())
                    .isFalse();
            assertThat(purse.standings(now)).as("a settlement counts once").isEqualTo(before);
        }
    }

    private void witness(Call call, LimitState limit, Need use, boolean began) {
        LimitId id = limit.id();
        long had = 0;
        long live = 0;
        for (Taken taken : call.taken) {
            if (taken.limit.equals(id)) {
                had += taken.amount;
                live += !call.lost && taken.gen == limit.gen() ? taken.amount : 0;
            }
        }
        if (call.lost) {
            had = Math.max(had, id.unit().of(call.need)); // all of which was charged
        }
        long took = !began
                ? 0
                : id.unit() == LimitId.Unit.REQUESTS ? had : id.unit().of(use);
        Window now = new Window(id, limit.gen());
        used.merge(now, -Math.clamp(had - took, 0, live), Long::sum);
        excess.merge(now, Math.max(0, took - had), Long::sum);
    }

    private void plan() {
        if (inFlight == null) {
            purse.plan(UnaryOperator.identity(), waiting.values(), now, ++sequence)
                    .ifPresent(this::begin);
        }
    }

    private void begin(MeterState next) {
        assertThat(next.rev()).isEqualTo(row.rev() + 1);
        for (LimitRule rule : LimitRule.of(next.settings())) {
            LimitState after = limit(next, rule.id());
            LimitState before = find(row, rule.id());
            if (before == null) {
                continue; // it was taken away, and is set again
            }
            assertThat(after.gen()).as("windows never go back").isBetween(before.gen(), before.gen() + 1);
            if (after.gen() > before.gen()) {
                assertThat(now).as("a window lasts to its end").isGreaterThanOrEqualTo(before.end());
            }
            boolean folded = next.epoch() != row.epoch() && !row.clean();
            boolean same = after.gen() == before.gen() && !folded;
            long raise = after.self().granted() - (same ? before.self().granted() : 0);
            if (raise > 0) {
                assertThat(after.committed())
                        .as("a raise stays within the limit")
                        .isLessThanOrEqualTo(rule.cap(now));
            }
        }
        inFlight = next;
    }

    private long cap(LimitId id) {
        return LimitRule.of(row.settings()).stream()
                .filter(rule -> rule.id().equals(id))
                .findFirst()
                .orElseThrow()
                .cap(now);
    }

    private static LimitState limit(MeterState state, LimitId id) {
        return Objects.requireNonNull(find(state, id));
    }

    private static @Nullable LimitState find(MeterState state, LimitId id) {
        return state.limits().stream()
                .filter(limit -> limit.id().equals(id))
                .findFirst()
                .orElse(null);
    }

    private void finishWrite() {
        if (inFlight != null) {
            row = inFlight;
            inFlight = null;
            purse.written(row);
            drain();
            plan();
        }
    }

    private void drain() {
        boolean decided;
        do {
            purse.unqueue();
            decided = decideAgain(true);
        } while (decided);
        decideAgain(false);
    }

    private boolean decideAgain(boolean topUps) {
        boolean decided = false;
        for (Ask ask : List.copyOf(waiting.values())) {
            if (topUps == ask.topUp() > 0) {
                if (decide(ask)) {
                    waiting.remove(ask.hold());
                    decided = true;
                } else {
                    purse.queue(ask, now);
                }
            }
        }
        return decided;
    }

    /** A healthy store answers everybody within a few writes. */
    void quiesce() {
        for (int writes = 0; inFlight != null || !waiting.isEmpty(); writes++) {
            assertThat(writes).as("writes until everybody is answered").isLessThan(40);
            plan();
            finishWrite();
        }
    }

    private Shares shares() {
        return Shares.none(common.host(), ZoneOffset.UTC);
    }

    private static MeterSettings node(long host) {
        return FakeNodes.alone(host, MeterSettings.Unpriced.REJECT, OVERAGE);
    }

    /** A clean change of owner: in the same process, or in the next one, whose predecessor's doors are gone. */
    private void restart(int argument) {
        if (inFlight != null) {
            finishWrite();
        }
        if (inFlight != null || !purse.isClaimed()) {
            return;
        }
        waiting.clear();
        List<Standing> before = purse.standings(now);
        row = purse.leaving(++sequence);
        boolean late = false;
        if ((argument & 1) == 0) {
            late = open.stream().anyMatch(call -> row.limits().stream().anyMatch(limit -> missing(call, limit) > 0));
            processEnds();
        }
        purse = new Purse(row, 0, common, shares(), WATCHER);
        if (!late) {
            assertThat(purse.standings(now)
                            .subList(0, LimitRule.of(row.settings()).size()))
                    .as("a clean restart is exact")
                    .extracting(Standing::committed)
                    .isEqualTo(before.subList(0, LimitRule.of(row.settings()).size()).stream()
                            .map(Standing::committed)
                            .toList());
        }
        plan();
    }

    /** What a call holds that it has not of this limit: it was set while the call ran. */
    private static long missing(Call call, LimitState limit) {
        long had = call.taken.stream()
                .filter(taken -> taken.limit.equals(limit.id()))
                .mapToLong(Taken::amount)
                .sum();
        LimitId.Unit unit = limit.id().unit();
        return call.lost || unit == LimitId.Unit.REQUESTS ? 0 : Math.max(0, unit.of(call.need) - had);
    }

    /** Calls whose doors are gone are charged what they held. */
    private void processEnds() {
        for (Call call : open) {
            for (LimitState limit : row.limits()) {
                excess.merge(new Window(limit.id(), limit.gen()), missing(call, limit), Long::sum);
            }
        }
        open.replaceAll(call -> new Call(call.id, call.need, call.epoch, call.taken, call.topUps, true));
        common = node(common.host() + 1);
    }

    private void crash(boolean writeHappened) {
        crashes++;
        if (inFlight != null && writeHappened) {
            row = inFlight;
        }
        inFlight = null;
        waiting.clear();
        processEnds();
        ended.clear();
        excess.clear(); // what was not acknowledged may be lost; the rest is in the row
        purse = new Purse(row, 0, common, shares(), WATCHER);
        plan();
    }

    private void check() {
        for (LimitRule rule : LimitRule.of(row.settings())) {
            LimitState durable = limit(row, rule.id());
            Window window = new Window(rule.id(), durable.gen());
            long held = used.getOrDefault(window, 0L);
            if (crashes == 0) {
                assertThat(held + excess.getOrDefault(window, 0L))
                        .as("%s: holds and use", window)
                        .isNotNegative();
            }
            assertThat(durable.committed()).as("%s: durable before use", window).isGreaterThanOrEqualTo(held);
            if (crashes == 0 && !impatient && durable.isOpen(now)) {
                long exact = durable.carried() + durable.base() + held + excess.getOrDefault(window, 0L);
                assertThat(committed(rule)).as("%s: committed", window).isEqualTo(exact);
            }
        }
        boolean idle = open.stream().allMatch(Call::lost);
        if (idle) {
            assertThat(purse.view(now).openHolds()).isZero();
            assertThat(purse.standings(now)).allMatch(standing -> standing.held() == 0);
        }
    }

    private long committed(LimitRule rule) {
        return purse.standings(now).stream()
                .filter(standing -> standing.kind() == rule.id().unit().kind())
                .findFirst()
                .orElseThrow()
                .committed();
    }
}
