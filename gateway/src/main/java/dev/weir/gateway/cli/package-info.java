/** The command line. */
@NullMarked
package dev.weir.gateway.cli;

import org.jspecify.annotations.NullMarked;
