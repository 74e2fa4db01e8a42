package dev.weir.cluster.ledger;

/** The journal or the ledger cannot be used. The message is for the operator. */
public final class JournalException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    JournalException(String message) {
        super(message);
    }

    JournalException(String message, Throwable cause) {
        super(message, cause);
    }
}
