@NullMarked
package dev.weir.cluster.ledger;

import org.jspecify.annotations.NullMarked;
