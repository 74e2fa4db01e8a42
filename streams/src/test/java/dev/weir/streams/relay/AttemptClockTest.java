package dev.weir.streams.relay;

import static java.time.Duration.ZERO;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is asked of the clocks that run out is which, and that none does too early. */
final class AttemptClockTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    private final EventLoop loop = new DefaultEventLoop();

    @AfterEach
    void stop() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private record Expired(String which, Duration after) {}

    /** Which clock of a call runs out, and how long after the call began. */
    private Expired expired(Clocks clocks, Consumer<AttemptClock> course) throws Exception {
        CompletableFuture<Expired> expired = new CompletableFuture<>();
        loop.execute(() -> {
            long begun = System.nanoTime();
            AttemptClock clock = new AttemptClock(
                    clocks,
                    begun,
                    loop,
                    which -> expired.complete(new Expired(which, Duration.ofNanos(System.nanoTime() - begun))));
            clock.start(begun);
            clock.waiting();
            course.accept(clock);
        });
        return expired.get(30, TimeUnit.SECONDS);
    }

    private static void contentCame(AttemptClock clock) {
        clock.heard();
        clock.firstContent();
        clock.waiting();
    }

    @Test
    void noContent() throws Exception {
        Expired expired = expired(new Clocks(Duration.ofMillis(100), LONG, LONG), clock -> {});

        assertThat(expired.which()).isEqualTo("no content within PT0.1S");
        assertThat(expired.after()).isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }

    @Test
    void silenceIsLongerThanTheWaitForContentWas() throws Exception {
        Expired expired = expired(
                new Clocks(Duration.ofMillis(100), Duration.ofMillis(300), LONG), AttemptClockTest::contentCame);

        assertThat(expired.which()).isEqualTo("silent for PT0.3S");
        assertThat(expired.after()).isGreaterThanOrEqualTo(Duration.ofMillis(300));
    }

    @Test
    void silenceIsShorterThanTheWaitForContentWas() throws Exception {
        Expired expired = expired(new Clocks(LONG, Duration.ofMillis(100), LONG), AttemptClockTest::contentCame);

        assertThat(expired.which()).isEqualTo("silent for PT0.1S");
    }

    @Test
    void silenceWithoutALimitForContent() throws Exception {
        Expired expired = expired(new Clocks(ZERO, Duration.ofMillis(100), ZERO), AttemptClockTest::contentCame);

        assertThat(expired.which()).isEqualTo("silent for PT0.1S");
    }

    @Test
    void theWholeCall() throws Exception {
        Expired expired = expired(new Clocks(LONG, LONG, Duration.ofMillis(100)), AttemptClockTest::contentCame);

        assertThat(expired.which()).isEqualTo("not finished within PT0.1S");
    }
}
