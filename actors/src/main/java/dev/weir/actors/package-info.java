/** x. */
@NullMarked
package dev.weir.actors;

import org.jspecify.annotations.NullMarked;
