package dev.weir.config;

import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * What holds for the whole gateway.
 *
 * @param masterKey the key of the admin API; null where none is set
 * @param timezone whose midnight ends a day's budget
 * @param enforceUser a call that names no end user is refused
 */
public record General(@Nullable Secret masterKey, ZoneId timezone, boolean enforceUser) {}
