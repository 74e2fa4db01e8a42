package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An account's limits and what nodes have of them. Arithmetic without a clock, a thread or a store, like {@link Purse}: a
 * plan takes in all that was {@linkplain #want wanted}, and the answers are true once it is {@linkplain #written durable}.
 */
final class AccountBook {

    /** An answer, and what it is to. */
    record Answer(Want to, Allotted allotted) {}

    private record Line(long node, LimitId limit) {}

    private static final int MOST_SPARE = 4_096;

    /** So long after its end a window is remembered: a clock that steps back by less opens it no second time. */
    private static final long REMEMBERED_MILLIS = 60_000;

    private final AccountId id;
    private final MeterSettings common;
    private MeterState durable;
    private boolean claimed;
    private final Map<Long, Want> wanted = new LinkedHashMap<>();
    private final Map<Long, Want> planned = new LinkedHashMap<>();
    private final Map<Long, Long> sequences = new HashMap<>();
    private final Set<Line> denied = new HashSet<>();
    private final Set<Line> deniedBeyond = new HashSet<>();
    private final Set<LimitId> crowded = new HashSet<>();

    /** What a node may have of a limit and not use, as far as it has said and was granted since. */
    private final Map<Line, Long> spare = new HashMap<>();

    AccountBook(AccountId id, MeterState row, MeterSettings common) {
        this.id = id;
        this.durable = row;
        this.common = common;
    }

    static AccountBook ofCreated(AccountId id, MeterState row, MeterSettings common) {
        AccountBook book = new AccountBook(id, row, common);
        book.claimed = true;
        return book;
    }

    MeterState durable() {
        return durable;
    }

    boolean isClaimed() {
        return claimed;
    }

    /** A node has said something; what it said before that is not heard of any more changes nothing. */
    void want(Want want) {
        if (want.sequence() > sequences.getOrDefault(want.node(), 0L)
                && !common.nodes().isGone(want.node())) {
            sequences.put(want.node(), want.sequence());
            wanted.put(want.node(), want);
        }
    }

    /** Limits that do not have what the node needs of them. */
    List<LimitId> scarce(Want want, long now) {
        if (want.born() != durable.born()) {
            return List.of();
        }
        Map<LimitId, LimitRule> rules = new HashMap<>();
        LimitRule.of(durable.settings()).forEach(rule -> rules.put(rule.id(), rule));
        List<LimitId> scarce = new ArrayList<>(0);
        for (Want.Line line : want.lines()) {
            LimitRule rule = rules.get(line.id().ofEndUser(null));
            LimitState state = line.need() == 0 || rule == null ? null : find(line.id());
            if (rule != null
                    && state != null
                    && state.isOpen(now)
                    && line.need() > Math.max(0, rule.cap(now) - state.committed())) {
                scarce.add(line.id());
            }
        }
        return scarce;
    }

    private @Nullable LimitState find(LimitId limit) {
        for (LimitState state : durable.limits()) {
            if (state.id().equals(limit)) {
                return state;
            }
        }
        return null;
    }

    /** What a node has of a limit. */
    long piece(LimitId limit, long node) {
        LimitState state = find(limit);
        return state == null ? 0 : state.of(LimitState.holder(node)).piece();
    }

    /** What of it the node may not use. */
    long spare(LimitId limit, long node) {
        return spare.getOrDefault(new Line(node, limit), 0L);
    }

    boolean isQuiet() {
        return wanted.isEmpty() && planned.isEmpty();
    }

    /** The row to write next; empty when the store has everything, and {@link #answers} are true already. */
    Optional<MeterState> plan(UnaryOperator<MeterState> change, long now, long nonce) {
        planned.putAll(wanted);
        wanted.clear();
        denied.clear();
        deniedBeyond.clear();
        MeterState changed = underPolicy(change.apply(claimed ? durable : durable.claimed(common)));
        Map<LimitId, LimitRule> rules = new LinkedHashMap<>();
        LimitRule.of(changed.settings()).forEach(rule -> rules.put(rule.id(), rule));
        List<LimitState> next = new ArrayList<>();
        for (LimitState state : isGroup() ? known(changed, rules, now) : inOrder(changed, rules.keySet())) {
            String endUser = state.id().endUser();
            LimitRule rule = rules.get(state.id().ofEndUser(null));
            if (rule != null) {
                next.add(taken(state, endUser == null ? rule : rule.ofEndUser(endUser), changed.born(), now));
            }
        }
        MeterState plan = changed.withLimits(next, changed.spentNanoUsd());
        return plan.equals(durable) ? Optional.empty() : Optional.of(plan.next(nonce));
    }

    private static List<LimitState> inOrder(MeterState row, Set<LimitId> limits) {
        Map<LimitId, LimitState> states =
                row.limits().stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
        return limits.stream().filter(states::containsKey).map(states::get).toList();
    }

    // Of a group of end users.

    private boolean isGroup() {
        return id.kind() == AccountId.Kind.END_USERS;
    }

    /** Its owner's settings are not told to it: whoever uses it says what they are. */
    private MeterState underPolicy(MeterState row) {
        MeterState latest = row;
        for (Want want : planned.values()) {
            EndUserPolicy policy = want.policy();
            if (policy != null && policy.version() > latest.version()) {
                latest = row.withPolicy(policy);
            }
        }
        return latest;
    }

    /** The limits of end users who are in their windows, and of those who come, as far as there is room for them. */
    private List<LimitState> known(MeterState row, Map<LimitId, LimitRule> rules, long now) {
        crowded.clear();
        Map<LimitId, LimitState> states = new LinkedHashMap<>();
        Set<String> endUsers = new HashSet<>();
        Set<LimitId> named = planned.values().stream()
                .flatMap(want -> want.lines().stream())
                .map(Want.Line::id)
                .collect(Collectors.toSet());
        for (LimitState state : row.limits()) {
            LimitRule rule = rules.get(state.id().ofEndUser(null));
            if (rule != null && (named.contains(state.id()) || !isOver(state, rule, now))) {
                states.put(state.id(), state);
                endUsers.add(String.valueOf(state.id().endUser()));
            }
        }
        for (Want want : planned.values()) {
            for (Want.Line line : want.lines()) {
                if (line.isEmpty()
                        || states.containsKey(line.id())
                        || !rules.containsKey(line.id().ofEndUser(null))) {
                    continue;
                }
                String endUser = String.valueOf(line.id().endUser());
                if (endUsers.contains(endUser) || endUsers.size() < common.endUsers() || line.over() > 0) {
                    endUsers.add(endUser);
                    boolean hasWindows = line.id().kind() != LimitId.Kind.SLOTS;
                    states.put(line.id(), LimitState.begun(line.id(), now, hasWindows, now, 0));
                } else {
                    crowded.add(line.id());
                }
            }
        }
        return List.copyOf(states.values());
    }

    private boolean isOver(LimitState state, LimitRule rule, long now) {
        if (state.end() == LimitRule.NEVER) {
            return now - REMEMBERED_MILLIS >= state.start() && state.committed() == 0;
        }
        return now - REMEMBERED_MILLIS >= Math.max(state.start(), state.end())
                && state.rolled(rule, now, common.zone()).carried() == 0;
    }

    // Of all.

    /** First what everybody has used and given back, then what there is for everybody: nothing is granted twice. */
    private LimitState taken(LimitState state, LimitRule rule, long born, long now) {
        LimitState next = state;
        for (Want want : planned.values()) {
            Want.Line line = line(want, rule.id(), born);
            next = line == null || isFolded(want, state) ? next : merged(next, want.node(), line);
        }
        next = common.withoutGone(next);
        for (Want want : planned.values()) {
            Want.Line line = line(want, rule.id(), born);
            boolean isGone = common.nodes().isGone(want.node());
            next = line == null || isGone ? next : allotted(next, rule, want.node(), line, now);
        }
        return next;
    }

    /** It is of a node that is gone, and what that had is among what nobody in particular has used. */
    private boolean isFolded(Want want, LimitState state) {
        return common.nodes().isGone(want.node()) && !state.slices().containsKey(LimitState.holder(want.node()));
    }

    /** Null where it is about another life of the account, or does not know this limit. */
    private static Want.@Nullable Line line(Want want, LimitId limit, long born) {
        if (want.born() == born) {
            for (Want.Line line : want.lines()) {
                if (line.id().equals(limit)) {
                    return line;
                }
            }
        }
        return null;
    }

    /** Counters only grow. What was used beyond a slice in a window that has passed is charged to the one that is open. */
    private LimitState merged(LimitState state, long node, Want.Line line) {
        String holder = LimitState.holder(node);
        if (line.gen() == state.gen()) {
            LimitState moved = state.heard(holder, line.gen());
            for (Map.Entry<Long, Long> taken : line.taken().entrySet()) {
                long from = taken.getKey();
                moved = moved.moved(
                        LimitState.holder(from),
                        holder,
                        taken.getValue(),
                        common.nodes().isGone(from));
            }
            Slice slice = moved.of(holder);
            long over = Math.max(slice.over(), line.over());
            long most = slice.granted() + slice.in() + over;
            Slice next = slice.going(over).returning(Math.clamp(line.returned(), slice.returned(), most));
            spare.put(new Line(node, line.id()), Math.max(0, next.piece() - line.used()));
            return next.equals(slice) ? moved : moved.with(holder, next);
        }
        if (line.gen() > state.gen()) {
            return state;
        }
        LimitState heard = state.heard(holder, line.gen());
        Slice slice = heard.of(holder);
        long known = Math.max(line.overKnown(), heard.formerOver(holder, line.gen()));
        return line.over() <= known
                ? heard
                : heard.with(holder, slice.going(slice.over() + line.over() - known))
                        .withFormer(holder, line.gen(), line.over());
    }

    private LimitState allotted(LimitState state, LimitRule rule, long node, Want.Line line, long now) {
        boolean opens = line.need() + line.beyond() > 0 && !state.isOpen(now);
        LimitState open = opens ? state.rolled(rule, now, common.zone()) : state;
        if (!open.isOpen(now)) {
            return open;
        }
        String holder = LimitState.holder(node);
        long cap = rule.cap(now);
        long free = Math.max(0, cap - open.committed());
        long needed = Math.min(line.need(), free);
        long ahead = needed == line.need() ? Math.min((free - needed) / (2L * claimants(open, node)), line.ahead()) : 0;
        LimitState next = needed + ahead == 0 ? open : open.raised(holder, needed + ahead);
        if (needed + ahead > 0) {
            spare.merge(new Line(node, rule.id()), needed + ahead, Long::sum);
        }
        if (needed < line.need()) {
            denied.add(new Line(node, rule.id()));
        }
        // Only in the window that the node knows: what it is told of another one is what it has used there already.
        long beyond = line.gen() == open.gen() ? line.beyond() : 0;
        if (beyond > cap + common.overage(cap) - next.committed()) {
            deniedBeyond.add(new Line(node, rule.id()));
        } else if (beyond > 0) {
            Slice slice = next.of(holder);
            next = next.with(holder, slice.going(slice.over() + beyond));
        }
        return next;
    }

    private static int claimants(LimitState state, long node) {
        int holders = state.slices().size();
        return state.slices().containsKey(LimitState.holder(node)) ? holders : holders + 1;
    }

    /** The last plan is durable. */
    void written(MeterState row) {
        durable = row;
        claimed = true;
        if (spare.size() > MOST_SPARE) {
            spare.clear(); // of end users who came and went; who is not known to have something is asked less often
        }
    }

    /** The last plan will never be. */
    void abandoned() {
        planned.forEach(wanted::putIfAbsent);
        planned.clear();
    }

    /** The last row of this owner: whoever is next need not ask whether it is still at work. */
    MeterState leaving(long nonce) {
        return durable.left(durable.limits(), List.of(), durable.past(), durable.spentNanoUsd())
                .next(nonce);
    }

    /** What to answer those who were in the last plan. */
    List<Answer> answers() {
        List<Answer> answers = new ArrayList<>();
        for (Want want : planned.values()) {
            List<Allotted.Line> lines = isGroup()
                    ? asked(want)
                    : durable.limits().stream()
                            .map(limit -> line(limit, want.node(), genOf(line(want, limit.id(), durable.born()))))
                            .toList();
            answers.add(new Answer(
                    want,
                    new Allotted(
                            id,
                            want.sequence(),
                            new Allotted.Granted(
                                    durable.born(),
                                    durable.version(),
                                    ((AccountSettings) durable.settings()).forCalls(),
                                    lines))));
        }
        planned.clear();
        return answers;
    }

    private List<Allotted.Line> asked(Want want) {
        Map<LimitId, LimitState> states =
                durable.limits().stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
        return want.lines().stream()
                .map(line -> {
                    LimitState state = states.get(line.id());
                    return state == null
                            ? Allotted.Line.none(line.id(), crowded.contains(line.id()))
                            : line(state, want.node(), line.gen());
                })
                .toList();
    }

    private static long genOf(Want.@Nullable Line line) {
        return line == null ? 0 : line.gen();
    }

    /** @param spoken the generation that the node spoke of */
    private Allotted.Line line(LimitState limit, long node, long spoken) {
        String holder = LimitState.holder(node);
        Slice slice = limit.of(holder);
        return new Allotted.Line(
                limit.id(),
                limit.gen(),
                limit.end(),
                limit.committed(),
                slice.granted(),
                slice.returned(),
                slice.over(),
                spoken,
                limit.formerOver(holder, spoken),
                slice.out(),
                limit.movedTo(node),
                denied.contains(new Line(node, limit.id())),
                deniedBeyond.contains(new Line(node, limit.id())),
                false);
    }

    /** Everybody who is waiting, and is not answered with figures. */
    List<Want> clear() {
        List<Want> all = new ArrayList<>(planned.values());
        all.addAll(wanted.values());
        planned.clear();
        wanted.clear();
        return all;
    }
}
