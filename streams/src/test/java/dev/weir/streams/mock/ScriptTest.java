package dev.weir.streams.mock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ScriptTest {

    @Test
    void aBareNameIsTheDefaultScript() {
        assertThat(script("mock")).isEqualTo(Script.plain());
    }

    @Test
    void itemsChangeWhatTheyName() {
        Script script = script("anything/at-all;ttft=60ms;gap=250us;tokens=7;usage=always;close;keepalive=1s");

        assertThat(script.pace().latency()).isEqualTo(Duration.ofMillis(60));
        assertThat(script.pace().gap()).isEqualTo(Duration.ofNanos(250_000));
        assertThat(script.text().tokens()).isEqualTo(7);
        assertThat(script.text().usage()).isEqualTo(Script.Telling.ALWAYS);
        assertThat(script.wire().close()).isTrue();
        assertThat(script.wire().keepAlive()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void itemsNeedNoNameBeforeThem() {
        assertThat(script("latency=2s;tokens=1").pace().latency()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void aSizeOfTheWholeIsSplitIntoLargeEvents() {
        Script script = script("mock;bytes=200MB");

        assertThat(script.text().eventBytes()).isEqualTo(16 * 1024);
        assertThat(script.text().tokens()).isEqualTo(200 * 1024 / 16);
    }

    @Test
    void faultsAreRead() {
        assertThat(script("m;status=429;retry-after=7").fault()).isEqualTo(new Fault.Status(429, 7, null));
        assertThat(script("m;reset-after=3").fault()).isEqualTo(new Fault.Reset(3));
        assertThat(script("m;reset=headers").fault()).isEqualTo(new Fault.Reset(Fault.BEFORE_HEADERS));
        assertThat(script("m;stall=headers").fault()).isEqualTo(new Fault.Stall(Fault.BEFORE_HEADERS));
        assertThat(script("m;fault=content-type=text/html").fault()).isEqualTo(new Fault.ContentType("text/html"));
        assertThat(script("m;fault=two-lengths").fault()).isEqualTo(Fault.Framing.TWO_LENGTHS);
    }

    @Test
    void whatIsNotUnderstoodIsSaid() {
        assertThatThrownBy(() -> script("mock;tokns=3")).hasMessageContaining("tokns: 3");
        assertThatThrownBy(() -> script("mock;tokens=many")).hasMessageContaining("tokens: many (expected: a number");
        assertThatThrownBy(() -> script("mock;gap=10")).hasMessageContaining("gap: 10 (expected: a duration");
        assertThatThrownBy(() -> script("mock;fault=bad-luck")).hasMessageContaining("fault: bad-luck");
        assertThatThrownBy(() -> script("mock;stall=now")).hasMessageContaining("stall: now (expected: headers)");
    }

    private static Script script(String model) {
        return Script.of(model, Script.plain());
    }
}
