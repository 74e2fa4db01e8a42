package dev.weir.perf.faults.callers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Clients that make one call after the other each, at the next door where one says nothing, and note what they get. */
public final class Callers {

    private static final long PAUSE_AFTER_FAILURE_MILLIS = 30;

    private final Client client;
    private final String prefix;
    private final Function<Random, Order> orders;
    private final int longestPauseMillis;
    private final Queue<Said> said = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    /**
     * @param prefix of their calls' identities
     * @param orders what to ask for next
     * @param longestPauseMillis of a caller after a call
     */
    public Callers(Client client, String prefix, Function<Random, Order> orders, int longestPauseMillis) {
        this.client = client;
        this.prefix = prefix;
        this.orders = orders;
        this.longestPauseMillis = longestPauseMillis;
    }

    public void start(int callers, long seed) {
        for (int caller = 0; caller < callers; caller++) {
            String name = prefix + caller;
            Random random = new Random(seed * 31 + caller);
            threads.add(Thread.ofVirtual().start(() -> callOn(name, random)));
        }
    }

    private void callOn(String caller, Random random) {
        for (int calls = 0; !stopping; calls++) {
            Said last = call(caller + "-" + calls, orders.apply(random), random);
            pause(last.saysNothing() ? PAUSE_AFTER_FAILURE_MILLIS : random.nextInt(longestPauseMillis));
        }
    }

    /** Each try is a call of its own, with an identity of its own. */
    private Said call(String id, Order order, Random random) {
        int tries = 0;
        Said one;
        List<Integer> doors = client.doors().from(random.nextInt(client.doors().count()));
        do {
            one = client.call(id + (tries == 0 ? "" : "." + tries), doors.get(tries), order);
            said.add(one);
            tries++;
        } while (one.saysNothing() && tries < doors.size() && !stopping);
        return one;
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis); // the load's own pace
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** What has come to its end until now. */
    public List<Said> said() {
        return List.copyOf(said);
    }

    /** No call begins any more. */
    public void beginNoMore() {
        stopping = true;
    }

    /** Lets every call come to its end. */
    public List<Said> stop() throws InterruptedException {
        beginNoMore();
        for (Thread thread : threads) {
            thread.join(Duration.ofSeconds(30));
        }
        return List.copyOf(said);
    }

    /** When the first call after this moment was admitted, in nanoseconds of the clock; 0 if none was yet. */
    public long firstAdmittedAfter(long nanos) {
        return said.stream()
                .filter(each -> each.admitted() && each.endedNanos() > nanos)
                .mapToLong(Said::endedNanos)
                .min()
                .orElse(0);
    }
}
