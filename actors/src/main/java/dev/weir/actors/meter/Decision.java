package dev.weir.actors.meter;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.weir.actors.Wire;
import dev.weir.config.KeySettings;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A meter's answer to a reservation. "No" is an answer with the numbers that explain it, not an exception. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
@JsonSubTypes({
    @JsonSubTypes.Type(value = Decision.Granted.class, name = "Granted"),
    @JsonSubTypes.Type(value = Decision.UnknownKey.class, name = "UnknownKey"),
    @JsonSubTypes.Type(value = Decision.Blocked.class, name = "Blocked"),
    @JsonSubTypes.Type(value = Decision.Expired.class, name = "Expired"),
    @JsonSubTypes.Type(value = Decision.ModelDenied.class, name = "ModelDenied"),
    @JsonSubTypes.Type(value = Decision.TypeDenied.class, name = "TypeDenied"),
    @JsonSubTypes.Type(value = Decision.Unpriced.class, name = "Unpriced"),
    @JsonSubTypes.Type(value = Decision.Exceeded.class, name = "Exceeded"),
    @JsonSubTypes.Type(value = Decision.Crowded.class, name = "Crowded"),
    @JsonSubTypes.Type(value = Decision.Unavailable.class, name = "Unavailable"),
})
public sealed interface Decision extends Wire {

    /**
     * The call may go on; its need is held until it is settled.
     *
     * @param epoch of the meter's owner, to be given back with the settlement
     * @param meter the key's id, which its rows carry: not every secret's hash is one
     * @param organizationId whose the call is: the key's team's, or the key's own
     * @param spentNanoUsd what the key has spent in its life, as far as the meter knows
     * @param standings one per limit of the chain, after this hold
     * @param modelsAbove the model lists of the accounts above the key; of a call none, whose model they allow
     */
    record Granted(
            HoldId hold,
            long epoch,
            String meter,
            KeySettings key,
            @Nullable String organizationId,
            long spentNanoUsd,
            List<Standing> standings,
            List<List<String>> modelsAbove)
            implements Decision {
        public Granted {
            standings = List.copyOf(standings);
            modelsAbove = List.copyOf(modelsAbove);
        }

        public Granted(
                HoldId hold,
                long epoch,
                String meter,
                KeySettings key,
                @Nullable String organizationId,
                long spentNanoUsd,
                List<Standing> standings) {
            this(hold, epoch, meter, key, organizationId, spentNanoUsd, standings, List.of());
        }

        /** Whether the key, and who is above it, allow calls of {@code model}. */
        public boolean allows(String model) {
            return key.keyType().callsModels()
                    && ModelAccess.allows(key.models(), model)
                    && modelsAbove.stream().allMatch(models -> ModelAccess.allows(models, model));
        }
    }

    /** The call may not go on; no counter moved. */
    sealed interface Refused extends Decision {}

    /** No such key, or one that was deleted. */
    record UnknownKey() implements Refused {}

    /** @param account whose; null for the key itself */
    record Blocked(Standing.Scope scope, @Nullable String account) implements Refused {}

    record Expired(Instant at) implements Refused {}

    /** @param scope who does not allow it */
    record ModelDenied(Standing.Scope scope, String model, List<String> allowed) implements Refused {}

    /** A key of this type calls no model at all. */
    record TypeDenied(KeySettings.KeyType type) implements Refused {}

    /** A money limit is in the chain and the model has no price. */
    record Unpriced(String model) implements Refused {}

    /**
     * A limit does not have what the call needs.
     *
     * @param standing the limit that is short, before the call
     * @param need what the call asked of it
     * @param standings every limit of the chain, for the answer's headers
     */
    record Exceeded(Standing standing, long need, List<Standing> standings) implements Refused {
        public Exceeded {
            standings = List.copyOf(standings);
        }

        /** The call asks for more than the limit ever has: waiting does not help. */
        public boolean neverFits() {
            return need > standing.limit();
        }
    }

    /**
     * A limit of each end user is in the chain, and as many end users as there is room for are in their windows.
     *
     * @param scope whose limit it is
     * @param account its name; null for the key itself
     */
    record Crowded(Standing.Scope scope, @Nullable String account) implements Refused {}

    /** The meter cannot answer now: its store, its authority or its node. Never a verdict on the key. */
    record Unavailable(String reason) implements Decision {}
}
