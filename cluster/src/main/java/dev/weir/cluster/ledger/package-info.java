/** What happened, durably: the attempt journal of this node and the ledger of everybody's rows. */
@NullMarked
package dev.weir.cluster.ledger;

import org.jspecify.annotations.NullMarked;
