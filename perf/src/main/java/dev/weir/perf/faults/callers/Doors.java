package dev.weir.perf.faults.callers;

import dev.weir.perf.faults.site.Door;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * The doors that there are, and which of them say that they are ready: a client leaves out those that do not, as a load balancer
 * would, unless none does.
 */
public final class Doors implements AutoCloseable {

    private static final long ROUND_MILLIS = 200;

    private final List<Door> doors;
    private final List<Thread> watchers = new ArrayList<>();
    private final boolean[] ready;

    private Doors(List<Door> doors) {
        this.doors = List.copyOf(doors);
        this.ready = new boolean[doors.size()];
    }

    /** The only one: it is called whatever it says. */
    public static Doors of(Door door) {
        return new Doors(List.of(door));
    }

    /** They are asked all the time from now on. */
    public static Doors watching(List<Door> all) {
        Doors doors = new Doors(all);
        for (int door = 0; door < all.size(); door++) {
            int number = door;
            doors.watchers.add(Thread.ofVirtual().start(() -> doors.watch(number)));
        }
        return doors;
    }

    private void watch(int door) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                boolean now = doors.get(door).isReady();
                synchronized (ready) {
                    ready[door] = now;
                }
                TimeUnit.MILLISECONDS.sleep(ROUND_MILLIS); // a process outside, there is nothing to be notified by
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    URI at(int door) {
        return doors.get(door).calls();
    }

    /** Those to try, one after the other, from a first one on. */
    List<Integer> from(int first) {
        List<Integer> all = IntStream.range(0, doors.size())
                .mapToObj(step -> (first + step) % doors.size())
                .toList();
        synchronized (ready) {
            List<Integer> open = all.stream().filter(door -> ready[door]).toList();
            return open.isEmpty() ? all : open;
        }
    }

    int count() {
        return doors.size();
    }

    @Override
    public void close() {
        watchers.forEach(Thread::interrupt);
    }
}
