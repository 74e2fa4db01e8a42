/** The admin API: keys and spend, and the keys that the configuration declares. */
@NullMarked
package dev.weir.gateway.admin;

import org.jspecify.annotations.NullMarked;
