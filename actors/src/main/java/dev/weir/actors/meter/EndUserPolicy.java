package dev.weir.actors.meter;

import dev.weir.config.AccountSettings;
import dev.weir.config.Limits;

/**
 * What each end user has below a key or an account.
 *
 * @param version of its owner's settings, which only grows
 */
public record EndUserPolicy(long version, Limits each) {

    AccountSettings settings() {
        return AccountSettings.ofEndUsers(each);
    }
}
