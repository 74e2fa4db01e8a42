/**
 * What survives {@code kill -9}: one data directory, locked by one process, with an embedded SQLite database that
 * acknowledges a commit when it is on the disk. Start at {@link dev.weir.cluster.store.Database}; the meters' rows
 * are {@link dev.weir.cluster.store.JdbcMeterStore}'s.
 */
@NullMarked
package dev.weir.cluster.store;

import org.jspecify.annotations.NullMarked;
