package dev.weir.cluster.nodes;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where other nodes may be met, as {@code host:port}. A name may be a service's, which leads to all its nodes, or a node's own, by
 * which it wants to be called: a node answers those who call it as it calls itself.
 */
final class Seeds {

    private static final Logger LOG = LoggerFactory.getLogger(Seeds.class);

    private Seeds() {}

    /** What seeds lead to besides nodes that are known, each as it stands and as its address. Asks the name service. */
    static List<String> besides(Collection<String> known, List<String> seeds) {
        if (seeds.isEmpty()) {
            return List.of();
        }
        Set<String> places = new HashSet<>(known);
        known.forEach(each -> places.addAll(resolved(each)));
        Set<String> others = new LinkedHashSet<>();
        for (String seed : seeds) {
            List<String> addresses = new ArrayList<>(resolved(seed));
            boolean isKnown = addresses.removeAll(places) || places.contains(seed);
            if (!isKnown) {
                others.add(seed);
            }
            others.addAll(addresses);
        }
        return List.copyOf(others);
    }

    private static List<String> resolved(String hostAndPort) {
        int colon = hostAndPort.lastIndexOf(':');
        List<String> all = new ArrayList<>();
        try {
            for (InetAddress each : InetAddress.getAllByName(hostAndPort.substring(0, colon))) {
                all.add(text(each) + hostAndPort.substring(colon));
            }
        } catch (UnknownHostException unknown) {
            LOG.warn("{} cannot be resolved: {}", hostAndPort, unknown.getMessage());
        }
        return all;
    }

    private static String text(InetAddress address) {
        String text = address.getHostAddress();
        return address instanceof Inet6Address ? "[" + text + "]" : text;
    }
}
