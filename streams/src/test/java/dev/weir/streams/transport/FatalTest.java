package dev.weir.streams.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a process in which an actor on one of our threads fails for good. */
final class FatalTest {

    @ParameterizedTest
    @ValueSource(strings = {"loop", "callers", "line"})
    void anActorThatCannotGoOnEndsTheProcess(String where) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Failing.class.getName(),
                        where)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(1);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The process; its loops would keep it alive for ever. */
    static final class Failing {

        private Failing() {}

        public static void main(String[] where) {
            EventLoops loops = EventLoops.start(1);
            String dispatcher = switch (where[0]) {
                case "loop" -> loops.dispatcher(0);
                case "callers" -> loops.callersDispatcher();
                default -> loops.lineDispatcher();
            };
            ActorSystem<String> system = ActorSystem.create(
                    Behaviors.receiveMessage(told -> {
                        throw new OutOfMemoryError(told);
                    }),
                    "failing",
                    ConfigFactory.parseMap(Map.of("pekko.jvm-exit-on-fatal-error", false))
                            .withFallback(loops.dispatchers())
                            .withFallback(ConfigFactory.load()),
                    DispatcherSelector.fromConfig(dispatcher));
            system.tell("fail");
        }
    }
}
