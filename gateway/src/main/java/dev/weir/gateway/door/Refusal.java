package dev.weir.gateway.door;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told when it does not get what it asked for.
 *
 * @param kind decides status and type
 * @param message tells its reader what to change
 * @param param the field at fault
 * @param scope whose limit
 * @param limit the limit's own figure
 * @param resetAt when the limit's window ends
 * @param retryAfterSeconds 0 where waiting does not help or nobody knows how long
 */
public record Refusal(
        Kind kind,
        String message,
        @Nullable String param,
        @Nullable String scope,
        @Nullable Long limit,
        @Nullable Instant resetAt,
        int retryAfterSeconds) {

    /** Every way of saying no, with the status and the type that clients know it by. */
    public enum Kind {
        MALFORMED(400, "invalid_request_error"),
        UNKNOWN_MODEL(400, "invalid_request_error"),
        NO_KEY(401, "auth_error"),
        UNKNOWN_KEY(401, "token_not_found_in_db"),
        BLOCKED(401, "auth_error"),
        EXPIRED(401, "expired_key"),
        NOT_ALLOWED(403, "auth_error"),
        MODEL_DENIED(403, "key_model_access_denied"),
        USER_MODEL_DENIED(403, "user_model_access_denied"),
        TEAM_MODEL_DENIED(403, "team_model_access_denied"),
        ORG_MODEL_DENIED(403, "org_model_access_denied"),
        CUSTOMER_MODEL_DENIED(403, "customer_model_access_denied"),
        UNPRICED(403, "model_not_priced"),
        NOT_FOUND(404, "not_found_error"),
        METHOD_NOT_ALLOWED(405, "invalid_request_error"),
        TOO_SLOW(408, "timeout"),
        CONFLICT(409, "conflict_error"),
        TOO_LARGE(413, "invalid_request_error"),
        RATE_LIMITED(429, "rate_limit_error"),
        BUDGET_EXCEEDED(429, "budget_exceeded"),
        PROVIDER_LIMIT(429, "no_deployments_available"),
        HEAD_TOO_LARGE(431, "invalid_request_error"),
        INTERNAL(500, "internal_error"),
        UPSTREAM_AUTH(502, "upstream_auth_error"),
        UPSTREAM_ERROR(502, "upstream_error"),
        OVERLOADED(503, "overloaded"),
        STORE_DOWN(503, "no_db_connection"),
        SHUTTING_DOWN(503, "shutting_down"),
        TIMED_OUT(504, "timeout");

        private final int status;
        private final String type;

        Kind(int status, String type) {
            this.status = status;
            this.type = type;
        }

        public int status() {
            return status;
        }

        public String type() {
            return type;
        }
    }

    public static Refusal of(Kind kind, String message) {
        return new Refusal(kind, message, null, null, null, null, 0);
    }

    public static Refusal of(Kind kind, String message, int retryAfterSeconds) {
        return new Refusal(kind, message, null, null, null, null, retryAfterSeconds);
    }

    public static Refusal malformed(@Nullable String param, String message) {
        return new Refusal(Kind.MALFORMED, message, param, null, null, null, 0);
    }
}
