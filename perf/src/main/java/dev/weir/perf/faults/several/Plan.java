package dev.weir.perf.faults.several;

import dev.weir.perf.faults.site.Fault;
import dev.weir.perf.sabotage.Sabotage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What happens in a run: the seed's to say.
 *
 * @param loadMillis how long the load lasts at least
 * @param limitMillis the limits are for so much load
 * @param isBrief one of many in little time
 */
public record Plan(List<Event> events, int loadMillis, int limitMillis, boolean isBrief) {

    /** How long nobody starts a killed node. */
    public static final int NEVER = Integer.MAX_VALUE;

    /** In the place of a node: whichever has the meter of the first key. */
    static final int OWNER = -1;

    private static final int LOAD_MILLIS = 25_000;
    private static final int SHORT_LOAD_MILLIS = 6_000;

    /** Half the callers use up a third of the limits. */
    private static final int SHORT_LIMIT_MILLIS = 2_000;

    /**
     * Something that happens.
     *
     * @param atMillis after the load began
     * @param node whom to; where it happens to several of them, the first
     * @param millis how long it lasts or, of a kill, until the next start
     * @param more of a clock: seconds that it is set by
     */
    public record Event(Fault fault, int atMillis, int node, int millis, int more) {

        @Override
        public String toString() {
            String what = fault.name().toLowerCase(Locale.ROOT);
            String length = millis == NEVER ? "never" : String.format(Locale.ROOT, "%.1fs", millis / 1e3);
            return what + "(" + (node == OWNER ? "owner" : node + 1) + (more == 0 ? "" : " by " + more + "s") + " at "
                    + String.format(Locale.ROOT, "%.1fs", atMillis / 1e3) + " for " + length + ")";
        }
    }

    public Plan {
        events = List.copyOf(events);
    }

    private static Plan lasting(int loadMillis, List<Event> events) {
        return new Plan(events, loadMillis, LOAD_MILLIS, false);
    }

    /** With a load and limits that are somebody else's. */
    public static Plan of(Event... events) {
        return new Plan(List.of(events), 0, 0, false);
    }

    /** One run in ten has no fault: then every limit has to be used to its end. */
    static Plan of(long seed, List<Fault> allowed, int nodes) {
        Random random = new Random(seed);
        List<Event> events = new ArrayList<>();
        int faults = seed % 10 == 0 ? 0 : 1 + random.nextInt(3);
        for (int i = 0; i < faults; i++) {
            Fault fault = allowed.get(random.nextInt(allowed.size()));
            events.add(event(fault, random, nodes, LOAD_MILLIS, false));
        }
        return lasting(LOAD_MILLIS, events);
    }

    /** Two faults in little time, of which a rolling restart takes more than there is unless nothing else is wanted. */
    static Plan shortly(long seed, List<Fault> allowed, int nodes) {
        Random random = new Random(seed);
        List<Fault> quick = allowed.size() > 1
                ? allowed.stream().filter(fault -> fault != Fault.ROLLING).toList()
                : allowed;
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Fault fault = quick.get(random.nextInt(quick.size()));
            events.add(event(fault, random, nodes, SHORT_LOAD_MILLIS, true));
        }
        return new Plan(events, SHORT_LOAD_MILLIS, SHORT_LIMIT_MILLIS, true);
    }

    /** Where what is broken is certain to be seen. */
    static Plan against(Sabotage sabotage) {
        return switch (sabotage) {
            case HOLD, PERMIT, ROW, BUSYWAIT -> lasting(LOAD_MILLIS, List.of());
            case PERSIST -> lasting(60_000, ofEach(Fault.KILL, 7_000, 0, 0));
            case DEDUPE ->
                lasting(
                        62_000,
                        Stream.of(6_000, 33_000)
                                .flatMap(first -> ofEach(Fault.PAUSE, first, 9_000, 4_500).stream())
                                .toList());
            case EPOCH -> lasting(35_000, List.of(new Event(Fault.PARTITION_MINORITY, 4_000, OWNER, 20_000, 0)));
        };
    }

    /** Whoever owns what: it happens to its owner. */
    private static List<Event> ofEach(Fault fault, int first, int step, int millis) {
        return IntStream.range(0, 3)
                .mapToObj(node -> new Event(fault, first + node * step, node, millis, 0))
                .toList();
    }

    private static Event event(Fault fault, Random random, int nodes, int loadMillis, boolean brief) {
        int at = loadMillis / 10 + random.nextInt(loadMillis / 2);
        int node = random.nextInt(nodes);
        int length = brief
                ? (fault.isOrderly() ? 0 : 1_000) + random.nextInt(2_000)
                : switch (fault) {
                    case KILL, KILL_TWO ->
                        switch (random.nextInt(3)) {
                            case 0 -> 0;
                            case 1 -> random.nextInt(15_000);
                            default -> NEVER;
                        };
                    case PAUSE ->
                        random.nextBoolean() ? 12_000 + random.nextInt(13_000) : 1_000 + random.nextInt(4_000);
                    case PARTITION_MINORITY, PARTITION_ALONE, STORE_CUT -> 3_000 + random.nextInt(17_000);
                    case STORE_STOP ->
                        random.nextInt(4) == 0 ? 20_000 + random.nextInt(20_000) : 1_000 + random.nextInt(14_000);
                    case STORE_SLOW -> 2_000 + random.nextInt(6_000);
                    case STORE_MUTE -> 500 + random.nextInt(4_000);
                    case CLOCK, JOIN_LEAVE, ROLLING, DISK_FULL -> random.nextInt(2_000);
                };
        int more = fault == Fault.CLOCK ? List.of(5, -5, 86_400).get(random.nextInt(3)) : 0;
        return new Event(fault, at, node, length, more);
    }

    /** Whose clocks are set. */
    List<Integer> clocks() {
        return events.stream()
                .filter(event -> event.fault() == Fault.CLOCK)
                .map(Event::node)
                .toList();
    }

    /** No more happens than what an operator does every day. */
    boolean isOrderly() {
        return events.stream().allMatch(event -> event.fault().isOrderly());
    }

    @Override
    public String toString() {
        return events.isEmpty() ? "none" : events.stream().map(Event::toString).collect(Collectors.joining(", "));
    }
}
