package dev.weir.actors.meter;

import dev.weir.config.AccountId;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls that have come to a {@link Share} from other nodes, and whose amounts are not known to be of a window that is open: the
 * account's meter has to answer first. Their ends wait for that.
 */
final class Arrivals {

    /** @param after the last message to the account's meter that cannot have asked for it */
    private record Arriving(
            HoldId hold, long from, @Nullable String endUser, Hold.Piece piece, long after) {}

    /**
     * The end of such a call.
     *
     * @param before what nodes that are gone were charged for it
     */
    record Ended(HoldId hold, Need before, Need took, boolean began) {}

    private final List<Arriving> arriving = new ArrayList<>(0);
    private final List<Ended> ended = new ArrayList<>(0);

    boolean isEmpty() {
        return arriving.isEmpty();
    }

    boolean has(HoldId hold) {
        for (Arriving each : arriving) {
            if (each.hold.equals(hold)) {
                return true;
            }
        }
        return false;
    }

    /** @param after the last message to the account's meter */
    void add(HoldId hold, long from, Hold.Part part, long after) {
        part.pieces().forEach(piece -> arriving.add(new Arriving(hold, from, part.endUser(), piece, after)));
    }

    void end(Ended call) {
        ended.add(call);
    }

    /** A call that leaves again before it has come for good: what it has stays where it was. */
    List<Hold.Part> leave(HoldId hold, AccountId account, boolean paid) {
        List<Hold.Part> parts = new ArrayList<>(0);
        arriving.removeIf(each -> {
            boolean leaves = each.hold.equals(hold);
            if (leaves) {
                parts.add(new Hold.Part(account, paid, each.endUser, List.of(each.piece), each.from));
            }
            return leaves;
        });
        return parts;
    }

    /** They were of an account that was deleted. */
    void clear() {
        arriving.clear();
    }

    /**
     * Calls whose windows are known by now have come for good.
     *
     * @param answered the last message to the account's meter that was answered with figures
     * @param end takes those that have ended meanwhile
     */
    void arrive(Slices slices, long answered, Consumer<Ended> end) {
        if (arriving.isEmpty() && ended.isEmpty()) {
            return;
        }
        arriving.removeIf(each -> arrived(each, slices, answered));
        List<Ended> over = ended.stream().filter(each -> !has(each.hold)).toList();
        ended.removeAll(over);
        over.forEach(end);
    }

    private static boolean arrived(Arriving each, Slices slices, long answered) {
        for (ShareSlice slice : slices.used(each.endUser)) {
            if (slice.id().equals(each.piece.limit())) {
                boolean known = slice.knows(each.piece.gen()) || (slice.isForgotten() && answered > each.after);
                if (known) {
                    slice.take(each.from, each.piece.gen(), each.piece.amount());
                }
                return known;
            }
        }
        return true; // there is no such limit any more
    }
}
