package dev.weir.actors.meter;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The calls that wait at a node for more of one account. */
final class Waits {

    /** @param beyond whether it may go beyond a limit */
    private record Call(
            String model,
            Need need,
            boolean beyond,
            @Nullable String endUser) {

        long amount(ShareSlice slice) {
            LimitId id = slice.id();
            boolean isOurs = id.endUser() == null || id.endUser().equals(endUser);
            return isOurs && id.isAbout(model) ? id.unit().of(need) : 0;
        }
    }

    private final Map<HoldId, Call> calls = new LinkedHashMap<>();

    void add(Ask ask, @Nullable String endUser) {
        calls.put(ask.hold(), new Call(ask.model(), ask.need(), ask.topUp() > 0, endUser));
    }

    void remove(HoldId hold) {
        calls.remove(hold);
    }

    boolean isEmpty() {
        return calls.isEmpty();
    }

    /** One of them may go beyond a limit. */
    boolean goBeyond() {
        for (Call each : calls.values()) {
            if (each.beyond) {
                return true;
            }
        }
        return false;
    }

    /** What they need of a limit that may have it. */
    long needed(ShareSlice slice, long now) {
        long sum = 0;
        for (Call each : calls.values()) {
            long need = each.amount(slice);
            sum += need == 0 || slice.fit(need, now) == Portion.Fit.EXCEEDED ? 0 : need;
        }
        return sum;
    }

    /** What those that may go beyond a limit need of one that has no more. */
    long beyond(ShareSlice slice, long now) {
        long sum = 0;
        for (Call each : calls.values()) {
            long need = each.beyond ? each.amount(slice) : 0;
            sum += need > 0 && slice.fit(need, now) == Portion.Fit.EXCEEDED ? need : 0;
        }
        return sum;
    }
}
