@NullMarked
package dev.weir.streams.dialect;

import org.jspecify.annotations.NullMarked;
