package dev.weir.perf.faults.site;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;

/**
 * A machine of its own for each node, as far as the network can tell: a namespace with an address, wired to one bridge at
 * which the laboratory is the last address.
 *
 * <pre>
 *   laboratory (10.77.n.254)  ══ bridge ══╦══ node 1 (10.77.n.1)
 *   mock, wires to the store              ╠══ node 2 (10.77.n.2)
 *                                         ╚══ node 3 (10.77.n.3)
 * </pre>
 *
 * <p>Two nodes lose sight of each other because each sends what is meant for the other to a hardware address that nobody has:
 * nothing is refused, nothing arrives.
 */
public final class Network implements AutoCloseable {

    private static final String NOBODY = "02:00:00:00:00:99";
    private static final int SUBNETS = 250;

    private final String name;
    private final String prefix;
    private final int nodes;
    private final boolean hasSpaces;
    private final int[] parted;
    private final Thread atExit = new Thread(this::remove, "weir-network-end");

    private Network(String name, String prefix, int nodes, boolean hasSpaces) {
        this.name = name;
        this.prefix = prefix;
        this.nodes = nodes;
        this.hasSpaces = hasSpaces;
        this.parted = new int[nodes];
    }

    /** @throws IOException when this process may not make one, with what the machine said */
    private static Network of(int nodes) throws IOException, InterruptedException {
        long pid = ProcessHandle.current().pid();
        Network network = new Network("wf" + pid, freePrefix((int) (pid % SUBNETS)), nodes, true);
        Runtime.getRuntime().addShutdownHook(network.atExit);
        try {
            network.make();
        } catch (IOException | InterruptedException failure) {
            network.close();
            throw failure;
        }
        return network;
    }

    /** One that can be parted or, where this process may not make it, one that cannot: then it says so. */
    public static Network orLoopback(int nodes, PrintWriter say) throws InterruptedException {
        try {
            return of(nodes);
        } catch (IOException impossible) {
            say.println("All nodes are on loopback and no network is parted: no namespace can be made here ("
                    + impossible.getMessage() + ").");
            return onLoopback(nodes);
        }
    }

    /** Whether nodes can lose sight of each other. */
    public boolean canBeParted() {
        return hasSpaces;
    }

    /** All on this machine, at addresses of its own loopback. */
    private static Network onLoopback(int nodes) {
        return new Network("lo", "127.77." + ProcessHandle.current().pid() % SUBNETS + ".", nodes, false);
    }

    private static String freePrefix(int first) throws IOException {
        List<String> taken = new ArrayList<>();
        NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .forEach(address -> taken.add(address.getHostAddress()));
        for (int i = 0; i < SUBNETS; i++) {
            String prefix = "10.77." + (first + i) % SUBNETS + ".";
            if (taken.stream().noneMatch(address -> address.startsWith(prefix))) {
                return prefix;
            }
        }
        throw new IOException("no subnet of 10.77.0.0/16 is free");
    }

    private void make() throws IOException, InterruptedException {
        ip("link", "add", bridge(), "type", "bridge");
        ip("addr", "add", laboratory() + "/24", "dev", bridge());
        ip("link", "set", bridge(), "up");
        for (int node = 0; node < nodes; node++) {
            String wire = wire(node);
            ip("netns", "add", space(node));
            ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", space(node));
            ip("link", "set", wire, "master", bridge(), "up");
            ip("-n", space(node), "addr", "add", address(node) + "/24", "dev", "eth0");
            ip("-n", space(node), "link", "set", "lo", "up");
            ip("-n", space(node), "link", "set", "eth0", "up");
        }
    }

    private static void ip(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        Shell.run(command.toArray(String[]::new));
    }

    private String bridge() {
        return name + "b";
    }

    private String space(int node) {
        return name + "n" + node;
    }

    private String wire(int node) {
        return name + "v" + node;
    }

    /** The laboratory's own address. */
    public String laboratory() {
        return prefix + "254";
    }

    public String address(int node) {
        return prefix + (node + 1);
    }

    /** A command that runs the rest of its line on the node's machine. */
    public List<String> within(int node) {
        return hasSpaces ? List.of("ip", "netns", "exec", space(node)) : List.of();
    }

    /** The node and the others lose sight of each other; both still reach the laboratory. */
    public synchronized void part(int node) throws IOException, InterruptedException {
        if (!hasSpaces) {
            throw new IOException("nodes on loopback cannot lose sight of each other");
        }
        parted[node]++;
        for (int other = 0; other < nodes; other++) {
            if (other != node) {
                loseSight(node, other);
                loseSight(other, node);
            }
        }
    }

    private void loseSight(int from, int of) throws IOException, InterruptedException {
        ip("-n", space(from), "neigh", "replace", address(of), "lladdr", NOBODY, "dev", "eth0", "nud", "permanent");
    }

    /** The node and the others see each other again, but for those that are parted themselves. */
    public synchronized void heal(int node) throws IOException, InterruptedException {
        parted[node]--;
        for (int other = 0; other < nodes; other++) {
            if (other != node && parted[node] == 0 && parted[other] == 0) {
                see(node, other);
                see(other, node);
            }
        }
    }

    private void see(int from, int of) throws IOException, InterruptedException {
        ip("-n", space(from), "neigh", "del", address(of), "dev", "eth0");
    }

    private void remove() {
        for (int node = 0; node < nodes; node++) {
            removed("netns", "del", space(node));
            removed("link", "del", wire(node)); // a process that still runs there keeps it
        }
        removed("link", "del", bridge());
    }

    private static void removed(String... arguments) {
        try {
            ip(arguments);
        } catch (IOException gone) {
            // It was not made, or is gone with what it hung on.
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (!hasSpaces) {
            return;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ending) {
            return; // the hook does it
        }
        remove();
    }
}
