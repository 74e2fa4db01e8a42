@NullMarked
package dev.weir.config.price;

import org.jspecify.annotations.NullMarked;
