package dev.weir.cluster.ledger;

import dev.weir.cluster.nodes.NodeTable;
import dev.weir.cluster.store.Database;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A process that writes attempts and says each beginning and end when it has been taken. It never stops by itself. */
public final class KilledDoor {

    static final int THREADS = 3;

    /** Of so many attempts one runs for ever. */
    private static final int ENDLESS = 50;

    private KilledDoor() {}

    public static void main(String[] args) {
        Path directory = Path.of(args[0]);
        Database database = Database.open(directory);
        long incarnation = new NodeTable(database).register("test");
        AttemptJournal journal = AttemptJournal.open(directory, AttemptJournal.LEAST_BYTES);
        Shipper shipper = new Shipper(journal, database.writing(), InstantSource.system(), Shipper.Watch.NONE);
        shipper.recover();
        shipper.start();
        say("ready");
        AtomicLong sequence = new AtomicLong();
        for (int t = 0; t < THREADS; t++) {
            Thread.ofPlatform().start(() -> {
                while (true) {
                    call(journal, Attempts.id(incarnation, sequence.incrementAndGet()));
                }
            });
        }
    }

    private static void call(AttemptJournal journal, AttemptId id) {
        long number = id.call().sequence();
        if (!journal.begin(Attempts.begun(id, System.currentTimeMillis()))) {
            LockSupport.parkNanos(100_000);
            return;
        }
        say("begun " + id);
        if (number % ENDLESS != 0) {
            journal.end(Attempts.ended(id, number, System.currentTimeMillis()));
            say("ended " + id);
        }
    }

    private static void say(String what) {
        System.out.println(what);
    }
}
