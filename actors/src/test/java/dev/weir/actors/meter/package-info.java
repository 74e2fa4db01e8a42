@NullMarked
package dev.weir.actors.meter;

import org.jspecify.annotations.NullMarked;
