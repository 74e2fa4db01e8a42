@NullMarked
package dev.weir.streams.route;

import org.jspecify.annotations.NullMarked;
