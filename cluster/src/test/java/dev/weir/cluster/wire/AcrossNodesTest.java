package dev.weir.cluster.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.actors.meter.Decided;
import dev.weir.actors.meter.Decision;
import dev.weir.actors.meter.HoldId;
import dev.weir.actors.meter.Meter;
import dev.weir.actors.meter.Need;
import dev.weir.cluster.meters.Node;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class AcrossNodesTest {

    private final ActorTestKit door = ActorTestKit.create("door", Node.config(ConfigFactory.empty()));
    private final ActorTestKit meters = ActorTestKit.create("meters", Node.config(ConfigFactory.empty()));

    @AfterEach
    void close() {
        door.shutdownTestKit();
        meters.shutdownTestKit();
    }

    @Test
    void aReservationReachesAnotherNodeAndItsAnswerComesBack() {
        TestProbe<Meter.Reserve> meter = meters.createTestProbe(Meter.Reserve.class);
        TestProbe<Decided> answers = door.createTestProbe(Decided.class);
        HoldId hold = new HoldId(1, 2);
        Decision granted = new Decision.Granted(hold, 3, "k", CallMessages.KEY, null, 4, List.of());
        ActorRef<Meter.Reserve> far = ActorRefResolver.get(door.system())
                .resolveActorRef(ActorRefResolver.get(meters.system()).toSerializationFormat(meter.getRef()));

        far.tell(new Meter.Reserve(hold, "hash", "gpt-4o", Need.NONE, null, 5, answers.getRef()));
        Meter.Reserve came = meter.receiveMessage();
        came.replyTo().tell(new Decided(hold, granted));

        assertThat(came.model()).isEqualTo("gpt-4o");
        assertThat(answers.receiveMessage().decision()).isEqualTo(granted);
    }
}
