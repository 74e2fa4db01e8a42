package dev.weir.streams.route;

import dev.weir.streams.relay.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Deployments of a group in, the order in which to try them out: {@code simple-shuffle}, each next one drawn by weight
 * from those that are left. A strategy decides an order and nothing else.
 */
public final class WeightedOrder {

    private WeightedOrder() {}

    /** A weight of 0 is tried only after every other one. */
    public static List<Target> of(List<Target> group, RandomGenerator random) {
        if (group.size() <= 1) {
            return group;
        }
        List<Target> left = new ArrayList<>(group);
        List<Target> order = new ArrayList<>(group.size());
        while (!left.isEmpty()) {
            order.add(left.remove(draw(left, random)));
        }
        return order;
    }

    private static int draw(List<Target> left, RandomGenerator random) {
        double sum = 0;
        for (Target target : left) {
            sum += target.weight();
        }
        if (sum <= 0) {
            return random.nextInt(left.size());
        }
        double point = random.nextDouble() * sum;
        for (int i = 0; i < left.size(); i++) {
            point -= left.get(i).weight();
            if (point < 0) {
                return i;
            }
        }
        return left.size() - 1;
    }
}
