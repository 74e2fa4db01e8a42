package dev.weir.actors.meter;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A key's meter's slices of the key's own limits: one of each, in the order of the limits. */
final class OwnSlices {

    /** In the order in which those who wait are looked at: there has to be room for whom the others wait. */
    private static final Comparator<Ask> RUNNING_FIRST = Comparator.comparing(ask -> ask.topUp() == 0);

    private final MeterSettings common;
    private List<OwnSlice> slices = List.of();

    OwnSlices(MeterSettings common) {
        this.common = common;
    }

    List<OwnSlice> all() {
        return slices;
    }

    // Calls.

    /** Takes what a call needs, which fits within or beyond. */
    List<Hold.Piece> take(Ask ask, long now) {
        List<Hold.Piece> pieces = new ArrayList<>(slices.size());
        for (OwnSlice slice : slices) {
            long amount = ask.amount(slice);
            if (amount > 0) {
                pieces.add(Hold.taken(slice, amount, now));
            }
        }
        return pieces;
    }

    /** A hold that the last owner left open is open again. */
    void reopen(List<Hold.Piece> pieces) {
        for (Hold.Piece piece : pieces) {
            for (OwnSlice slice : slices) {
                if (slice.id().equals(piece.limit()) && slice.gen() == piece.gen() && !piece.beyond()) {
                    slice.reopen(piece.amount());
                }
            }
        }
    }

    /**
     * Ends a hold.
     *
     * @param charged what is charged for it already, besides its pieces
     * @return whether there is use beyond that no store knows
     */
    boolean settle(Hold hold, Need charged, Need used, boolean began) {
        boolean owes = false;
        for (OwnSlice slice : slices) {
            Hold.settle(slice, hold.model(), hold.pieces(), charged, used, began);
            owes |= slice.owesStore();
        }
        return owes;
    }

    /** The same of a call whose hold nobody remembers: what it asked for is charged already. */
    boolean charge(Ask lost, Need used, boolean began) {
        boolean owes = false;
        for (OwnSlice slice : slices) {
            slice.charge(began ? lost.excess(slice, used) : 0);
            owes |= slice.owesStore();
        }
        return owes;
    }

    /** A slice runs out of room while its limit still has some. */
    boolean isLow(long now) {
        for (OwnSlice slice : slices) {
            if (slice.isLow(now)) {
                return true;
            }
        }
        return false;
    }

    // The row.

    /**
     * What the store should know next of the limits that {@code row} has.
     *
     * @param waiting calls that wait for room
     */
    List<LimitState> plan(MeterState row, Collection<Ask> waiting, long now) {
        Map<LimitId, OwnSlice> known = slices.stream().collect(Collectors.toMap(OwnSlice::id, Function.identity()));
        Map<LimitId, LimitState> states = states(row);
        List<Ask> inTurn = waiting.stream().sorted(RUNNING_FIRST).toList();
        List<LimitState> planned = new ArrayList<>();
        for (LimitRule rule : LimitRule.of(row.settings())) {
            LimitState state = states.get(rule.id());
            if (state != null) {
                OwnSlice slice = known.get(rule.id());
                planned.add(
                        slice == null
                                ? state
                                : slice.plan(state, rule, wanted(slice, inTurn, rule.cap(now), now), now));
            }
        }
        return planned;
    }

    private static Map<LimitId, LimitState> states(MeterState row) {
        return row.limits().stream().collect(Collectors.toMap(LimitState::id, Function.identity()));
    }

    private static long wanted(OwnSlice slice, Collection<Ask> waiting, long cap, long now) {
        long sum = 0;
        for (Ask ask : waiting) {
            long amount = ask.amount(slice);
            if (amount <= cap - sum && slice.fit(amount, now) != Portion.Fit.EXCEEDED) {
                sum += amount;
            }
        }
        return sum;
    }

    /** {@code row} is durable: its raises may be used. */
    void adopt(MeterState row) {
        Map<LimitId, OwnSlice> known = slices.stream().collect(Collectors.toMap(OwnSlice::id, Function.identity()));
        Map<LimitId, LimitState> states = states(row);
        List<OwnSlice> next = new ArrayList<>();
        for (LimitRule rule : LimitRule.of(row.settings())) {
            LimitState state = states.get(rule.id());
            if (state == null) {
                continue;
            }
            OwnSlice slice = known.get(rule.id());
            if (slice == null) {
                slice = new OwnSlice(rule, state, common);
            } else {
                slice.written(rule, state);
            }
            next.add(slice);
        }
        slices = List.copyOf(next);
    }

    /** The store refused a plan whole: it is as if it had never been made. */
    void abandoned() {
        slices.forEach(OwnSlice::abandoned);
    }

    /** Exact figures: nothing is ahead. */
    List<LimitState> exact() {
        return slices.stream().map(OwnSlice::exact).toList();
    }
}
