package dev.weir.cluster.nodes;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;

/**
 * A member of the cluster, as this node sees it.
 *
 * @param address where its actor system is reached, as {@code host:port}
 * @param incarnation null of one that has not said who it is
 * @param status {@code up}, {@code leaving} and so on, in the cluster's words
 * @param version of the program there
 */
public record MemberView(
        String address, @Nullable Long incarnation, String status, boolean reachable, boolean self, String version) {

    /** @param incarnations by the uid of an actor system */
    static List<MemberView> all(Cluster cluster, Map<Long, Long> incarnations) {
        Set<Member> unreachable = new HashSet<>(cluster.state().getUnreachable());
        List<MemberView> members = new ArrayList<>();
        for (Member member : cluster.state().getMembers()) {
            members.add(new MemberView(
                    text(member.address()),
                    incarnations.get(member.uniqueAddress().longUid()),
                    member.status().toString().toLowerCase(Locale.ROOT),
                    !unreachable.contains(member),
                    member.uniqueAddress().equals(cluster.selfMember().uniqueAddress()),
                    member.appVersion().toString()));
        }
        members.sort(Comparator.comparing(MemberView::address));
        return members;
    }

    static String text(Address address) {
        return address.getHost().orElse("127.0.0.1") + ":" + address.getPort().orElse(0);
    }
}
