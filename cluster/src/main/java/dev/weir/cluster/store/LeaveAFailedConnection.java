package dev.weir.cluster.store;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;

/**
 * Throws a connection away after a failure. SQLite ends the transaction by itself when the disk is full or fails, the driver does
 * not notice, and nothing can be committed on that connection any more. A violated constraint ends nothing.
 */
final class LeaveAFailedConnection implements SQLExceptionOverride {

    @java.lang.Override
    public Override adjudicate(SQLException failure) {
        return failure.getErrorCode() == SQLiteErrorCode.SQLITE_CONSTRAINT.code
                ? Override.CONTINUE_EVICT
                : Override.MUST_EVICT;
    }
}
