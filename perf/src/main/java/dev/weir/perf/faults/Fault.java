package dev.weir.perf.faults;

/** What happens to a gateway in the midst of its work. */
enum Fault {
    /** {@code kill -9}, and a new start over the same data. */
    KILL,
    /** The process stands still for a while and then goes on. */
    PAUSE,
    /** Its disk has no room for a while. Of the embedded store only. */
    DISK_FULL,
    /** Its clock is set, by five seconds. */
    CLOCK,
    /** The database's processes stand still for a while. Of PostgreSQL only. */
    STORE_STOP,
    /** Every answer of the database is late for a while. Of PostgreSQL only. */
    STORE_SLOW,
    /** The database does what it is asked and its answers are lost for a while. Of PostgreSQL only. */
    STORE_MUTE;

    boolean happensTo(boolean postgres) {
        return switch (this) {
            case KILL, PAUSE, CLOCK -> true;
            case DISK_FULL -> !postgres;
            case STORE_STOP, STORE_SLOW, STORE_MUTE -> postgres;
        };
    }
}
