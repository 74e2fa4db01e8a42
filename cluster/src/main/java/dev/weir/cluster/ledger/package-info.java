/**
 * What happened, durably: the attempt journal of this node and the ledger of everybody's rows.
 *
 * <p>An attempt is written to {@link dev.weir.cluster.ledger.AttemptJournal} before its first byte goes to an upstream
 * and when it has ended. {@link dev.weir.cluster.ledger.Shipper} carries both ends as one row into the store; {@link
 * dev.weir.cluster.ledger.Ledger} answers what is there. Exactly one row for every beginning that was acknowledged, and
 * a key's spend is the sum of its rows at every commit. What a dead node's calls held, {@link
 * dev.weir.cluster.ledger.LostHolds} writes provisionally, for as long as that node's journal has not been read.
 *
 * <p>No prompt and no answer ever comes here.
 */
@NullMarked
package dev.weir.cluster.ledger;

import org.jspecify.annotations.NullMarked;
