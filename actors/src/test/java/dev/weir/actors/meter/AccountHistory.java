package dev.weir.actors.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.AccountId;
import dev.weir.config.AccountSettings;
import dev.weir.config.Limits;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * An account's life driven by numbers: its meter, and nodes that use it over a network that loses, repeats, delays and
 * reorders. A witness counts for itself and checks the promises after every step.
 */
final class AccountHistory {

    /** In thousandths; much, so that small limits have one. */
    private static final int OVERAGE = 300;

    /** So many end users find room in a group. */
    private static final int ROOM = 2;

    private record Window(LimitId limit, long gen) {}

    private record Call(HoldId id, Need need) {}

    private record Reported(long node, LimitId limit, long gen) {}

    private record Mail(long node, Allotted answer) {}

    /** A call whose key's meter has left one node and is not at another yet. */
    private record Moving(Call call, List<Hold.Part> parts, long from) {}

    private static final class Node {
        private final long incarnation;
        private final AtomicLong sequences = new AtomicLong();
        private final Supplier<Share> shares;
        private Share share;
        private final List<Call> open = new ArrayList<>();
        private final Map<HoldId, Ask> waiting = new HashMap<>();
        private int refused;

        Node(long incarnation, Function<LongSupplier, Share> shares) {
            this.incarnation = incarnation;
            this.shares = () -> shares.apply(sequences::incrementAndGet);
            this.share = this.shares.get();
        }
    }

    private final AccountId id;
    private final Function<LongSupplier, Share> shares;
    private final Map<LimitId, LimitRule> rules = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final int endUsers;

    /** Windows of limits that have come and gone. */
    private final Map<LimitId, Long> gens = new HashMap<>();

    /** Nodes that crashed, or were thought to: what they had they may still use. */
    private final List<Node> zombies = new ArrayList<>();

    private final List<Want> wants = new ArrayList<>();
    private final List<Mail> answers = new ArrayList<>();
    private final List<Moving> moving = new ArrayList<>();
    private final Map<Window, Long> used = new HashMap<>();

    /** Of which a group had no room for, and use beyond all the same. */
    private final Set<String> inDebt = new HashSet<>();

    /** Of which use beyond a slice was heard of after its window: it is charged to a later one. */
    private final Set<LimitId> late = new HashSet<>();

    /** What nodes said that they had used beyond their slices. */
    private final Map<Reported, Long> reported = new HashMap<>();

    private final boolean faults;
    private final ActorRef<Keeper.Command> keeper;
    private final ActorRef<Meter.Command> watcher;
    private MeterState row;
    private AccountBook book;
    private @Nullable MeterState inFlight;
    private long now = 1_800_000_000_000L;
    private long sequence;
    private long incarnations;
    private int granted;
    private int forgotten;

    /**
     * @param endUsers whom a group of them is about; 0 for an account that is none
     * @param nobody whom nothing that is told reaches
     */
    AccountHistory(Limits limits, int endUsers, int nodes, boolean faults, ActorRef<Object> nobody) {
        this.keeper = nobody.narrow();
        this.watcher = nobody.narrow();
        this.faults = faults;
        this.endUsers = endUsers;
        id = endUsers == 0 ? AccountId.team("t") : AccountId.endUsers("team/t", "u");
        AccountSettings settings = endUsers == 0
                ? AccountSettings.unlimited(AccountId.Kind.TEAM).withLimits(limits)
                : AccountSettings.ofEndUsers(limits);
        shares = sequences -> {
            if (endUsers == 0) {
                return new Share(id, ZoneOffset.UTC, sequences);
            }
            Share share = Share.ofEndUsers(id, ZoneOffset.UTC, sequences);
            share.policy(new EndUserPolicy(1, limits));
            return share;
        };
        LimitRule.of(settings).forEach(rule -> rules.put(rule.id(), rule));
        row = MeterState.created(id.toString(), settings, 1, now).next(1);
        book = AccountBook.ofCreated(id, row, common());
        for (int i = 0; i < nodes; i++) {
            this.nodes.add(new Node(++incarnations, shares));
        }
    }

    private MeterSettings common() {
        return new MeterSettings(
                1,
                ZoneOffset.UTC,
                MeterSettings.Unpriced.REJECT,
                Duration.ofMinutes(1),
                OVERAGE,
                ROOM,
                new FakeNodes(this::isAtWork));
    }

    private boolean isAtWork(long incarnation) {
        return nodes.stream().anyMatch(node -> node.incarnation == incarnation);
    }

    int granted() {
        return granted;
    }

    int forgotten() {
        return forgotten;
    }

    /** Nobody uses any share for some time. */
    void idle() {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < nodes.size(); i++) {
                tidy(i);
            }
            quiesce();
        }
    }

    int refused() {
        return nodes.stream().mapToInt(node -> node.refused).sum();
    }

    void play(List<Integer> script) {
        for (int each : script) {
            step(each);
            check();
        }
        quiesce();
        check();
    }

    private void step(int code) {
        int argument = code >> 4;
        switch (code & 15) {
            case 0, 1, 2, 3 -> reserve(argument);
            case 4, 5 -> settle(argument);
            case 6 -> {
                if (nodes.size() == 1) {
                    settle(argument);
                } else if ((argument & 1) == 0) {
                    leave(argument >> 1);
                } else {
                    arrive(argument >> 1);
                }
            }
            case 7, 8 -> deliverWant(argument, faults && (argument & 7) == 0);
            case 9, 10 -> deliverAnswer(argument, (argument & 7) == 0);
            case 11 -> finishWrite();
            case 12 -> pass(argument % 40_000);
            case 13 -> {
                if (faults) {
                    lose(argument);
                }
            }
            case 14 -> {
                if (faults) {
                    crash(argument);
                }
            }
            default -> {
                if ((argument & 3) == 0) {
                    tidy(argument >> 2);
                } else if ((argument & 5) == 0) {
                    tick();
                } else if ((argument & 1) == 0) {
                    announce(argument >> 3);
                } else {
                    topUp(argument >> 1);
                }
            }
        }
    }

    /** A call that runs asks for more, and may go beyond a limit. */
    private void topUp(int argument) {
        Node node = nodes.get(argument % nodes.size());
        if (node.open.isEmpty()) {
            return;
        }
        Call call = node.open.get(argument % node.open.size());
        if (node.waiting.containsKey(call.id)) {
            return;
        }
        Need more = Need.ofMore(1 + argument % 23, 1 + argument % 37, true);
        decide(node, new Ask(call.id, "", "m", more, null, 1, 1, true));
    }

    /** What nobody has used is given back, and the share forgotten: the next call makes another one. */
    private void tidy(int argument) {
        Node node = nodes.get(argument % nodes.size());
        if (node.share.settings() == null) {
            return;
        }
        node.share.tidy(now);
        node.share.isIdle(); // forgets that it was in use
        if (node.share.isIdle()) {
            if (node.share.isRetired()) {
                node.share = node.shares.get();
                forgotten++;
                return;
            }
            node.share.retire();
        }
        ask(node);
    }

    /** An operator has changed something, and all nodes are told what the account is: perhaps as the first thing that they hear. */
    private void announce(int argument) {
        Node node = nodes.get(argument % nodes.size());
        if (endUsers == 0) {
            node.share.changed(row.born(), row.version(), (AccountSettings) row.settings());
            wants.add(node.share.want(node.incarnation, now, keeper));
        }
    }

    private void pass(long millis) {
        now += millis;
    }

    void reserve(int argument) {
        Node node = nodes.get(argument % nodes.size());
        HoldId id = new HoldId(node.incarnation, ++sequence);
        Ask ask = new Ask(
                id,
                "k",
                "m",
                new Need(1, 1 + argument % 23, 1 + argument % 37, 1, true),
                endUser(argument),
                0,
                0,
                true);
        decide(node, ask);
    }

    private @Nullable String endUser(int argument) {
        return endUsers == 0 ? null : "u" + (argument >> 2) % endUsers;
    }

    /** What a purse does with a share, without a key's own limits. */
    private void decide(Node node, Ask ask) {
        boolean isShort = node.share.settings() == null;
        for (ShareSlice slice : node.share.slices(ask)) {
            switch (ask.fit(slice, now)) {
                case YES -> {}
                case SHORT -> isShort = true;
                case EXCEEDED -> {
                    node.waiting.remove(ask.hold());
                    node.share.forget(ask.hold());
                    node.refused++;
                    return;
                }
            }
        }
        if (isShort) {
            node.waiting.put(ask.hold(), ask);
            node.share.await(ask, watcher);
            ask(node);
            return;
        }
        node.waiting.remove(ask.hold());
        node.share.forget(ask.hold());
        node.share.hold(ask, now);
        if (ask.topUp() == 0) {
            node.open.add(new Call(ask.hold(), ask.need()));
            granted++;
        }
        for (ShareSlice slice : node.share.slices(ask)) {
            long amount = slice.id().unit().of(ask.need());
            Window window = new Window(slice.id(), slice.gen());
            used.merge(window, amount, Long::sum);
        }
    }

    private void settle(int argument) {
        Node node = nodes.get(argument % nodes.size());
        if (node.open.isEmpty()) {
            return;
        }
        Call call = node.open.get(argument % node.open.size());
        if (node.share.isArriving(call.id)) {
            return; // what it has here is not known yet; ShareTest has its end
        }
        node.open.remove(call);
        node.waiting.remove(call.id);
        node.share.forget(call.id);
        boolean began = (argument & 3) != 0;
        Need took = new Need(1, argument % 41, argument % 53, 0, true);
        Map<LimitId, Long> before = new HashMap<>();
        node.share.slices().forEach(slice -> before.put(slice.id(), slice.used() + slice.over()));
        assertThat(node.share.settle(call.id, Need.NONE, took, began)).isTrue();
        assertThat(node.share.settle(call.id, Need.NONE, took, began))
                .as("a settlement counts once")
                .isFalse();
        for (ShareSlice slice : node.share.slices()) {
            long changed = slice.used() + slice.over() - before.getOrDefault(slice.id(), 0L);
            used.merge(new Window(slice.id(), slice.gen()), changed, Long::sum);
        }
        ask(node);
    }

    /** The meter of a call's key leaves its node, with what the call holds. */
    private void leave(int argument) {
        Node node = nodes.get(argument % nodes.size());
        if (node.open.isEmpty()) {
            return;
        }
        Call call = node.open.get((argument >> 3) % node.open.size());
        node.waiting.remove(call.id);
        node.share.forget(call.id);
        List<Hold.Part> parts = node.share.part(call.id);
        assertThat(parts).as("it is open there").isNotEmpty();
        node.open.remove(call);
        moving.add(new Moving(call, parts, node.incarnation));
    }

    /** And is at another one, or at the same again. */
    private void arrive(int argument) {
        if (moving.isEmpty()) {
            return;
        }
        Moving each = moving.remove(argument % moving.size());
        Node to = nodes.get((argument >> 3) % nodes.size());
        for (Hold.Part part : each.parts) {
            long from = part.from() == null ? each.from : part.from();
            to.share.take(each.call.id, "m", part, from == to.incarnation ? null : (Long) from);
        }
        to.open.add(each.call);
        ask(to);
    }

    private void ask(Node node) {
        if (!node.share.isAsking() && node.share.wants(now)) {
            wants.add(node.share.want(node.incarnation, now, keeper));
        }
    }

    private void deliverWant(int argument, boolean again) {
        if (wants.isEmpty()) {
            return;
        }
        int index = argument % wants.size();
        Want want = again ? wants.get(index) : wants.remove(index);
        for (Want.Line line : want.lines()) {
            if (line.over() > 0) {
                inDebt.add(String.valueOf(line.id().endUser()));
            }
            reported.merge(new Reported(want.node(), line.id(), line.gen()), line.over(), Math::max);
            LimitState known = limit(inFlight == null ? row : inFlight, line.id());
            boolean passed = known == null || line.gen() < known.gen() || (endUsers > 0 && !known.isOpen(now));
            if (passed && line.over() > line.overKnown()) {
                late.add(line.id());
            }
        }
        book.want(want);
        plan(UnaryOperator.identity());
    }

    private void deliverAnswer(int argument, boolean again) {
        if (answers.isEmpty()) {
            return;
        }
        int index = argument % answers.size();
        Mail mail = again ? answers.get(index) : answers.remove(index);
        for (Node node : nodes) {
            if (node.incarnation == mail.node) {
                noteLate(node, mail.answer);
                node.share.told(mail.answer, now);
                List.copyOf(node.waiting.values()).forEach(ask -> decide(node, ask));
                ask(node);
            }
        }
    }

    private void noteLate(Node node, Allotted answer) {
        if (answer.outcome() instanceof Allotted.Granted granted) {
            for (Allotted.Line line : granted.lines()) {
                node.share.slices().stream()
                        .filter(slice -> slice.id().equals(line.id()) && slice.gen() < line.gen() && slice.owesMeter())
                        .forEach(slice -> late.add(slice.id()));
            }
        }
    }

    private void lose(int argument) {
        List<?> mail = (argument & 1) == 0 ? wants : answers;
        if (!mail.isEmpty()) {
            mail.remove(argument % mail.size());
        }
    }

    private void tick() {
        for (Node node : nodes) {
            if (node.share.isLate()) {
                ask(node);
            }
        }
    }

    private void plan(UnaryOperator<MeterState> change) {
        if (inFlight != null) {
            return;
        }
        MeterState next = book.plan(change, now, ++sequence).orElse(null);
        if (next == null) {
            answer();
            return;
        }
        assertThat(next.rev()).isEqualTo(row.rev() + 1);
        assertThat(next.limits().stream().map(limit -> limit.id().endUser()).distinct())
                .as("a group keeps to its room, save for those who are in debt")
                .hasSizeLessThanOrEqualTo(ROOM + inDebt.size());
        for (LimitState before : row.limits()) {
            LimitState after = limit(next, before.id());
            if ((after == null || after.gen() > before.gen() + 1) && before.end() != LimitRule.NEVER) {
                assertThat(before.rolled(rule(before.id()), now, ZoneOffset.UTC).carried())
                        .as("a debt is not forgotten")
                        .isZero();
            }
        }
        for (LimitState after : next.limits()) {
            LimitRule rule = rule(after.id());
            LimitState known = limit(row, after.id());
            if (known == null) {
                assertThat(after.gen()).as("windows never go back").isGreaterThan(gens.getOrDefault(after.id(), 0L));
            } else {
                long over = known.end() == LimitRule.NEVER ? known.start() : Math.max(known.start(), known.end());
                boolean forgotten = endUsers > 0 && now - 60_000 >= over;
                assertThat(after.gen())
                        .as("windows never go back")
                        .isBetween(known.gen(), forgotten ? now + 1 : known.gen() + 1);
            }
            LimitState before =
                    known == null ? new LimitState(after.id(), after.gen(), now, 0, 0, 0, Map.of(), Map.of()) : known;
            boolean raised = after.slices().entrySet().stream()
                    .anyMatch(slice -> slice.getValue().granted()
                            > (after.gen() == before.gen()
                                    ? before.of(slice.getKey()).granted()
                                    : 0));
            long cap = rule.cap(now);
            boolean goesBeyond = goesBeyond(before, after);
            if (raised || goesBeyond) {
                boolean mayGoBeyond = goesBeyond || late.contains(rule.id());
                assertThat(after.committed())
                        .as("P1: a grant stays within the limit, and beyond it within the overage")
                        .isLessThanOrEqualTo(mayGoBeyond ? cap + cap * OVERAGE / 1000 : cap);
            }
        }
        inFlight = next;
    }

    /** A node may use more beyond its slice than it has said it did. */
    private boolean goesBeyond(LimitState before, LimitState after) {
        return after.slices().entrySet().stream().anyMatch(each -> {
            if (!LimitState.isNode(each.getKey())) {
                return false;
            }
            long node = LimitState.incarnation(each.getKey());
            long said = reported.getOrDefault(new Reported(node, after.id(), after.gen()), 0L);
            long known = after.gen() == before.gen() ? before.of(each.getKey()).over() : 0;
            return each.getValue().over() > Math.max(said, known) && !late.contains(after.id());
        });
    }

    private void answer() {
        book.answers().forEach(answer -> answers.add(new Mail(answer.to().node(), answer.allotted())));
    }

    private static @Nullable LimitState limit(MeterState state, LimitId id) {
        for (LimitState limit : state.limits()) {
            if (limit.id().equals(id)) {
                return limit;
            }
        }
        return null;
    }

    private LimitRule rule(LimitId limit) {
        LimitRule rule = Objects.requireNonNull(rules.get(limit.ofEndUser(null)));
        String endUser = limit.endUser();
        return endUser == null ? rule : rule.ofEndUser(endUser);
    }

    private void durable(MeterState next) {
        row = next;
        row.limits().forEach(limit -> gens.put(limit.id(), limit.gen()));
    }

    private void finishWrite() {
        if (inFlight != null) {
            durable(inFlight);
            inFlight = null;
            book.written(row);
            answer();
            plan(UnaryOperator.identity());
        }
    }

    private void crash(int argument) {
        if ((argument & 1) == 0) {
            if (inFlight != null && (argument & 2) == 0) {
                durable(inFlight);
            }
            inFlight = null;
            book = new AccountBook(id, row, common());
            plan(UnaryOperator.identity());
        } else {
            int index = (argument >> 2) % nodes.size();
            zombies.add(nodes.remove(index));
            nodes.add(new Node(++incarnations, shares));
        }
    }

    /** The network and the store are well, and every call ends as it was held. */
    void quiesce() {
        while (!moving.isEmpty()) {
            arrive(moving.size());
        }
        for (int round = 0; round < 60; round++) {
            while (!wants.isEmpty()) {
                deliverWant(0, false);
            }
            finishWrite();
            while (!answers.isEmpty()) {
                deliverAnswer(0, false);
            }
            tick();
        }
        for (Node node : nodes) {
            assertThat(node.waiting).as("everybody is answered").isEmpty();
        }
    }

    private boolean isArriving(HoldId hold) {
        return nodes.stream().anyMatch(node -> node.share.isArriving(hold));
    }

    void settleAll() {
        for (int i = 0; i < nodes.size(); i++) {
            while (!nodes.get(i).open.isEmpty()) {
                assertThat(nodes.get(i).open).noneMatch(call -> isArriving(call.id));
                settle(i + nodes.size() * 4);
            }
        }
        quiesce();
    }

    private void check() {
        for (LimitState durable : row.limits()) {
            LimitRule rule = rule(durable.id());
            long pieces = 0;
            long inUse = 0;
            for (List<Node> some : List.of(nodes, zombies)) {
                for (Node node : some) {
                    for (ShareSlice slice : node.share.slices()) {
                        if (slice.id().equals(rule.id()) && slice.gen() == durable.gen()) {
                            assertThat(slice.used())
                                    .as("%s: use stays within the slice", rule.id())
                                    .isLessThanOrEqualTo(slice.piece());
                            // What a call took along, two nodes count until the one that it left has heard of it.
                            pieces += slice.piece() - slice.taken() + slice.out();
                            inUse += slice.used() - slice.taken() + slice.out();
                        }
                    }
                }
            }
            boolean slots = rule.id().kind() == LimitId.Kind.SLOTS;
            if (!slots || zombies.isEmpty()) {
                assertThat(pieces)
                        .as("P2: %s: all pieces, zombies' too, are committed", rule.id())
                        .isLessThanOrEqualTo(durable.committed());
            }
            if (!slots) {
                assertThat(used.getOrDefault(new Window(durable.id(), durable.gen()), 0L))
                        .as("P3: %s: what was used is committed, save for what is not said yet", rule.id())
                        .isLessThanOrEqualTo(durable.committed() + unsaid(durable));
            }
            if (!faults && !slots) {
                long witness = used.getOrDefault(new Window(rule.id(), durable.gen()), 0L);
                assertThat(witness)
                        .as("%s: the witness and the slices agree", rule.id())
                        .isGreaterThanOrEqualTo(inUse);
            }
        }
    }

    /** What nodes have used beyond their slices, and the store does not know. */
    private long unsaid(LimitState durable) {
        long sum = 0;
        for (List<Node> some : List.of(nodes, zombies)) {
            for (Node node : some) {
                long known = durable.of(LimitState.holder(node.incarnation)).over();
                for (ShareSlice slice : node.share.slices()) {
                    boolean same = slice.id().equals(durable.id()) && slice.gen() == durable.gen();
                    sum += same ? Math.max(0, slice.over() - known) : 0;
                }
            }
        }
        return sum;
    }

    /** After everything is settled and said, what is committed is what was used. */
    void checkExact() {
        settleAll();
        for (Node node : nodes) {
            node.share.leave();
            wants.add(node.share.want(node.incarnation, now, keeper));
        }
        quiesce();
        for (LimitState durable : row.limits()) {
            LimitRule rule = rule(durable.id());
            boolean slots = rule.id().kind() == LimitId.Kind.SLOTS;
            long witness = slots ? 0 : used.getOrDefault(new Window(rule.id(), durable.gen()), 0L);
            long charged = durable.committed() - durable.carried();
            boolean forgotten = endUsers > 0 && !durable.isOpen(now);
            if (forgotten || late.contains(rule.id())) {
                assertThat(charged).as("%s: nothing is forgotten", rule.id()).isGreaterThanOrEqualTo(witness);
            } else {
                assertThat(charged).as("%s: exact", rule.id()).isEqualTo(witness);
            }
        }
    }
}
