package dev.weir.cluster.meters;

import dev.weir.cluster.nodes.MemberView;
import java.util.List;

/**
 * How a node sees itself and the others.
 *
 * @param mayDecide it has heard from its store lately enough to let calls begin
 * @param shards of keys' and of accounts' meters that are here
 * @param meters that are here
 * @param messages that have gone from this node to accounts' meters since it started
 */
public record NodeView(
        long incarnation, boolean mayDecide, List<MemberView> members, int shards, int meters, long messages) {

    public NodeView {
        members = List.copyOf(members);
    }

    /** Members that this node cannot reach now. */
    public long unreachable() {
        return members.stream().filter(member -> !member.reachable()).count();
    }
}
