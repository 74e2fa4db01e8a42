package dev.weir.cluster.meters;

import dev.weir.actors.meter.AdminReply;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Need;
import java.nio.file.Path;

/** A process that makes keys and spends on one of them, says each when it is acknowledged, and never stops by itself. */
public final class KilledNode {

    static final String SPENDER = "spender";

    private KilledNode() {}

    public static void main(String[] args) {
        NodeTest.Running node = NodeTest.Running.start(Path.of(args[0]));
        NodeTest.get(node.meters().create(SPENDER, NodeTest.key(1_000_000, 1_000_000_000)));
        say("ready");
        for (int i = 0; ; i++) {
            String key = "k" + node.node().incarnation() + "-" + i;
            if (NodeTest.get(node.meters().create(key, NodeTest.key(5, 1000))) instanceof AdminReply.Done) {
                say("created " + key);
            }
            HoldId hold = node.node().nextHold();
            Decision decision =
                    NodeTest.get(node.meters().reserve(SPENDER, hold, "gpt", NodeTest.CALL, null, NodeTest.TIMEOUT));
            if (decision instanceof Decision.Granted grant) {
                NodeTest.get(node.meters()
                        .settle(SPENDER, hold, grant.epoch(), NodeTest.CALL, new Need(1, 9, 130, 1, true), true));
                say("spent 130");
            }
        }
    }

    private static void say(String what) {
        System.out.println(what);
        System.out.flush();
    }
}
