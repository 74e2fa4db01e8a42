package dev.weir.cluster.store;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;

/**
 * Throws a connection away after a failure. SQLite ends the transaction by itself when the disk is full or fails, the driver does
 * not notice, and nothing can be committed on that connection any more. A violated constraint ends nothing.
 */
final class LeaveAFailedConnection implements SQLExceptionOverride {

    @java.lang.Override
    public Override adjudicate(SQLException failure) {
        return failure.getErrorCode() == SQLiteErrorCode.SQLITE_CONSTRAINT.code || isConstraint(failure.getSQLState())
                ? Override.CONTINUE_EVICT
                : Override.MUST_EVICT;
    }

    /** Class 23 of the standard's states. */
    private static boolean isConstraint(@Nullable String state) {
        return state != null && state.startsWith("23");
    }
}
