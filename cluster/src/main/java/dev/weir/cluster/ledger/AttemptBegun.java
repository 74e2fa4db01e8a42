package dev.weir.cluster.ledger;

import dev.weir.actors.meter.Need;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an attempt before its first byte goes to an upstream.
 *
 * @param requestId the client's label or ours; many calls may share one
 * @param keyHash SHA-256 of the key, in hex
 * @param model as the client wrote it
 * @param modelGroup the public name that it was routed to
 * @param modelId the deployment
 * @param held what the call holds: charged to it if nothing further is heard
 * @param startedMillis since the epoch
 */
public record AttemptBegun(
        AttemptId id,
        String requestId,
        String keyHash,
        String model,
        String modelGroup,
        String modelId,
        String provider,
        boolean stream,
        Need held,
        long startedMillis,
        @Nullable String teamId,
        @Nullable String userId,
        @Nullable String organizationId,
        @Nullable String endUser,
        List<String> tags) {

    public AttemptBegun {
        tags = List.copyOf(tags);
    }
}
