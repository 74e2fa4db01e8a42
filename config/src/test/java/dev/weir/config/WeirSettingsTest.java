package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.config.WeirSettings.Unpriced;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeirSettingsTest {

    private static WeirSettings load(String weir) {
        return ConfigFile.parse("weir: " + weir, Map.of(), Instant.EPOCH).weir();
    }

    @Test
    void theReferenceIsCompleteAndValid() {
        WeirSettings settings = WeirSettings.defaults();

        assertThat(settings.server())
                .isEqualTo(new WeirSettings.Server(
                        "0.0.0.0",
                        4000,
                        32_000_000,
                        64,
                        32_000,
                        100,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(60),
                        Duration.ofSeconds(75),
                        Duration.ofSeconds(15),
                        false));
        assertThat(settings.upstream())
                .isEqualTo(new WeirSettings.Upstream(
                        2048,
                        1024,
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(4),
                        Duration.ofSeconds(600),
                        Duration.ofSeconds(300),
                        null,
                        64_000_000,
                        16_000_000,
                        null,
                        null,
                        true));
        assertThat(settings.meters())
                .isEqualTo(new WeirSettings.Meters(
                        1024,
                        WeirSettings.Reservation.EXPECTED,
                        WeirSettings.OnExhausted.FINISH,
                        5,
                        Unpriced.AUTO,
                        Duration.ofMinutes(5),
                        100_000));
        assertThat(settings.tls()).isNull();
        assertThat(settings.management().port()).isNull();
        assertThat(settings.accessLog()).isEqualTo(AccessLog.Stream.STDOUT);
        assertThat(settings.keys()).isEmpty();
    }

    @Test
    void everySettingIsRead() {
        assertThat(leaves("weir", SettingsReader.reference("weir")))
                .hasSizeGreaterThan(30)
                .allSatisfy(path -> assertThatThrownBy(() -> load(nested(path.substring("weir.".length()))))
                        .as("%s as a block", path)
                        .isInstanceOf(InvalidConfig.class)
                        .hasMessageStartingWith(path + ": a block (expected: "));
    }

    @Test
    void everySettingIsInTheReadme() throws IOException {
        String readme = Files.readString(Path.of("README.md"));

        assertThat(leaves("weir", SettingsReader.reference("weir")))
                .allSatisfy(path -> assertThat(readme).contains("`" + path + "`"));
        assertThat(CompatKey.TABLE.stream().filter(CompatKey::isHonoured))
                .allSatisfy(key -> assertThat(readme).contains("`" + key.path() + "`"));
    }

    private static List<String> leaves(String path, Map<String, Object> block) {
        return block.entrySet().stream()
                .flatMap(entry -> entry.getValue() instanceof Map<?, ?> inner
                        ? leaves(path + "." + entry.getKey(), Value.block(inner)).stream()
                        : Stream.of(path + "." + entry.getKey()))
                .toList();
    }

    /** A block where a value should be. */
    private static String nested(String path) {
        return "{" + path.replace(".", ": {") + ": {}" + "}".repeat(path.split("\\.").length);
    }

    @Test
    void aSettingReplacesItsDefaultAndNothingElse() {
        WeirSettings settings = load("{upstream: {total_timeout: 90s, proxy: 'squid:3128', attempt_header: no}}");

        WeirSettings.Upstream upstream = settings.upstream();
        assertThat(upstream.totalTimeout()).isEqualTo(Duration.ofSeconds(90));
        assertThat(upstream.proxy()).isEqualTo(InetSocketAddress.createUnresolved("squid", 3128));
        assertThat(upstream.attemptHeader()).isFalse();
        assertThat(upstream.maxConnections()).isEqualTo(2048);
        assertThat(settings.server()).isEqualTo(WeirSettings.defaults().server());
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "'off'", "false", "no", "False", "\"no\""})
    void offIsOffHoweverYamlReadsIt(String off) {
        WeirSettings settings = load("{upstream: {total_timeout: " + off + "}, management: {port: " + off
                + "}, access_log: {target: " + off + "}, metrics: {enabled: " + off + "}}");

        assertThat(settings.upstream().totalTimeout()).isNull();
        assertThat(settings.management().port()).isNull();
        assertThat(settings.accessLog()).isEqualTo(AccessLog.Stream.OFF);
        assertThat(settings.metrics().enabled()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "yes", "true", "'on'"})
    void onIsOnHoweverYamlReadsIt(String on) {
        assertThat(load("{metrics: {enabled: " + on + "}}").metrics().enabled()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{upstream: {max_connection: 1}} | weir.upstream.max_connection: unknown key (expected: did you mean max_connections?)",
                "{sever: {}} | weir.sever: unknown key (expected: did you mean server?)",
                "{tls: {cert: x}} | weir.tls.cert: unknown key (expected: one of certificate, key)",
                "{server: {port: 70000}} | weir.server.port: 70000 (expected: <= 65535)",
                "{server: {port: 99999999999999999999}} | weir.server.port: 99999999999999999999 (expected: <= 65535)",
                "{server: {port: 1.5}} | weir.server.port: 1.5 (expected: an integer >= 0)",
                "{server: {port: }} | weir.server.port: missing (expected: a value, or the key left out)",
                "{server: {host: 5}} | weir.server.host: 5 (expected: a text)",
                "{server: {head_timeout: 10}} | weir.server.head_timeout: 10 (expected: a duration like 30s, 500ms or 5m)",
                "{server: {head_timeout: '10'}} | weir.server.head_timeout: \"10\" (expected: a duration like 30s, 500ms or 5m)",
                "{server: {head_timeout: off}} | weir.server.head_timeout: \"off\" (expected: a duration like 30s, 500ms or 5m)",
                "{server: {head_timeout: 0s}} | weir.server.head_timeout: \"0s\" (expected: longer than 0s)",
                "{server: {max_body: 3GB}} | weir.server.max_body: \"3GB\" (expected: <= 2147483647 bytes)",
                "{server: {max_body: big}} | weir.server.max_body: \"big\" (expected: a size like 64KB or 32MB)",
                "{server: {max_body: -1}} | weir.server.max_body: -1 (expected: >= 1000)",
                "{meters: {unpriced: charge_default}} | weir.meters.unpriced: \"charge_default\" (expected: auto, reject, allow_and_flag)",
                "{metrics: {enabled: maybe}} | weir.metrics.enabled: \"maybe\" (expected: on or off)",
                "{upstream: {proxy: 'user:canary@h:1'}} | weir.upstream.proxy: not a host and port (expected: host:port, without a user, or off)",
                "{upstream: {ca: /nowhere/ca.pem}} | weir.upstream.ca: \"/nowhere/ca.pem\" (expected: a file that exists and can be read)",
                "{cors: {allowed_origins: [chat]}} | weir.cors.allowed_origins[0]: \"chat\" (expected: an origin like https://chat.example.com, or *)",
                "{cors: {allowed_origins: '*'}} | weir.cors.allowed_origins: \"*\" (expected: a list)",
                "{management: {port: 4000}} | weir.management.port: 4000 (expected: a port other than weir.server.port)",
                "{access_log: {target: \"a\\nb\"}} | weir.access_log.target: \"a\\nb\" (expected: a text of one line)",
                "{loops: -1} | weir.loops: -1 (expected: >= 0)",
            })
    void aSettingThatIsWrongIsToldWithPathValueAndExpectation(String weir, String problem) {
        assertThatThrownBy(() -> load(weir)).isInstanceOf(InvalidConfig.class).hasMessage(problem + " at line 1");
    }

    @Test
    void tlsTakesBothFilesOrNone(@TempDir Path directory) throws IOException {
        Path pem = Files.writeString(directory.resolve("x.pem"), "pem");

        assertThat(load("{tls: {certificate: '" + pem + "', key: '" + pem + "'}}")
                        .tls())
                .isEqualTo(new WeirSettings.Tls(pem, pem));
        assertThatThrownBy(() -> load("{tls: {certificate: '" + pem + "'}}"))
                .hasMessageContaining("weir.tls: certificate or key alone (expected: both or neither)");
    }

    @Test
    void anAccessLogMayBeAFile() {
        assertThat(load("{access_log: {target: logs/access.log}}").accessLog())
                .isEqualTo(new AccessLog.ToFile(Path.of("logs/access.log")));
    }

    @Test
    void flagsOfTheCommandLineReplaceSettings() {
        WeirSettings settings =
                WeirSettings.defaults().withServer("127.0.0.1", 0).withData(Path.of("elsewhere"));

        assertThat(settings.server().host()).isEqualTo("127.0.0.1");
        assertThat(settings.server().port()).isZero();
        assertThat(settings.storage().data()).isEqualTo(Path.of("elsewhere"));
        assertThat(settings.upstream()).isEqualTo(WeirSettings.defaults().upstream());
        assertThatThrownBy(() -> WeirSettings.defaults().withServer("localhost", 65_536))
                .hasMessage("weir.server.port: 65536 (expected: 0 to 65535)");
    }

    @Property(tries = 200)
    void aDurationMeansItsNumberOfItsUnits(@ForAll @IntRange(min = 1, max = 1_000_000) int amount) {
        assertThat(duration(amount + "ms")).isEqualTo(Duration.ofMillis(amount));
        assertThat(duration(amount + " s")).isEqualTo(Duration.ofSeconds(amount));
        assertThat(duration(amount + "m")).isEqualTo(Duration.ofMinutes(amount));
        assertThat(duration(amount + "h")).isEqualTo(Duration.ofHours(amount));
    }

    private static Duration duration(String text) {
        return new Value(Reading.ofFile(Map.of(), Map.of()), "d", text).duration();
    }
}
