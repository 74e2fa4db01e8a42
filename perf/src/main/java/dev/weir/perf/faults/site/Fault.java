package dev.weir.perf.faults.site;

/** What happens to gateways in the midst of their work. */
public enum Fault {
    /** {@code kill -9}, and a new start over the same data: at once, later or, where there are other nodes, never. */
    KILL,
    /** The same of two nodes at once. */
    KILL_TWO,
    /** The process stands still for a while and then goes on. */
    PAUSE,
    /** Its disk has no room for a while. Of the embedded store only. */
    DISK_FULL,
    /** Its clock is set: by five seconds or, of one of several, by a day. */
    CLOCK,
    /** The database's processes stand still for a while. Of PostgreSQL only. */
    STORE_STOP,
    /** Every answer of the database is late for a while. Of PostgreSQL only. */
    STORE_SLOW,
    /** The database does what it is asked and its answers are lost for a while. Of PostgreSQL only. */
    STORE_MUTE,
    /** One node does not reach the database for a while. */
    STORE_CUT,
    /** One node and the others lose sight of each other; clients and the database see all of them. */
    PARTITION_MINORITY,
    /** The same, and the one does not reach the database either. */
    PARTITION_ALONE,
    /** A node is asked to end and started again when it has ended. */
    JOIN_LEAVE,
    /** The same of all nodes, one after the other. */
    ROLLING;

    /** Whether it can happen to a gateway by itself. */
    public boolean happensToOne(boolean postgres) {
        return switch (this) {
            case KILL, PAUSE, CLOCK -> true;
            case DISK_FULL -> !postgres;
            case STORE_STOP, STORE_SLOW, STORE_MUTE -> postgres;
            case KILL_TWO, STORE_CUT, PARTITION_MINORITY, PARTITION_ALONE, JOIN_LEAVE, ROLLING -> false;
        };
    }

    /** Whether it can happen to one of several. */
    public boolean happensToSeveral() {
        return this != DISK_FULL;
    }

    /** It takes nodes' sight of each other, and so needs a network that can be parted. */
    public boolean parts() {
        return this == PARTITION_MINORITY || this == PARTITION_ALONE;
    }

    /** An operator does so, and no client may notice. */
    public boolean isOrderly() {
        return this == JOIN_LEAVE || this == ROLLING;
    }
}
