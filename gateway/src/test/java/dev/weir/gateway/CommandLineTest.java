package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator types, and what comes back: texts and exit codes. */
class CommandLineTest {

    @TempDir
    Path directory = Path.of("");

    private Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("config.yaml"), yaml);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "demo", "serve", "check", "recover", "version"})
    void helpIsEverywhere(String subcommand) {
        String[] arguments = subcommand.isEmpty() ? new String[] {"--help"} : new String[] {subcommand, "--help"};

        try (WeirProcess weir = WeirProcess.run(arguments)) {
            assertThat(weir.exitCode()).isZero();
            assertThat(weir.out()).startsWith("Usage: weir" + (subcommand.isEmpty() ? "" : " " + subcommand));
        }
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                Arguments.of(List.of(), "Usage: weir"),
                Arguments.of(List.of("serv"), "Unmatched argument"),
                Arguments.of(List.of("serve"), "Missing required option: '--config=FILE'"),
                Arguments.of(List.of("check"), "Missing required option: '--config=FILE'"),
                Arguments.of(List.of("recover"), "Missing required option: '--data=DIR'"),
                Arguments.of(List.of("recover", "--data", "a", "--url", "mysql://x"), "begins with postgresql://"),
                Arguments.of(List.of("serve", "--config", "a", "--prot", "1"), "Unknown option"),
                Arguments.of(List.of("demo", "--port", "many"), "'many' is not a port"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeOfTheOptionsIsExitCodeTwo(List<String> arguments, String says) {
        try (WeirProcess weir = WeirProcess.run(arguments.toArray(String[]::new))) {
            assertThat(weir.exitCode()).isEqualTo(2);
            assertThat(weir.err()).contains(says);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--port=65536", "--port=-1"})
    void aPortThatIsNoneIsAMistake(String port) throws IOException {
        Path config = file("model_list: []\n");

        try (WeirProcess weir = WeirProcess.run(
                "serve",
                "--config",
                config.toString(),
                port,
                "--data",
                directory.resolve("data").toString())) {
            assertThat(weir.exitCode()).isEqualTo(2);
            assertThat(weir.err()).contains("--port").contains("0 to 65535");
        }
    }

    @Test
    void trainingGoesThroughCallsAndEnds() {
        try (WeirProcess weir = WeirProcess.run("train", "--seconds", "1", "--callers", "2")) {
            assertThat(weir.exitCode()).isZero();
            assertThat(weir.err()).doesNotContain("weir: ").doesNotContain("ERROR");
        }
    }

    @Test
    void theVersionIsTold() {
        try (WeirProcess word = WeirProcess.run("version");
                WeirProcess flag = WeirProcess.run("--version")) {
            assertThat(word.exitCode()).isZero();
            assertThat(flag.exitCode()).isZero();
            assertThat(word.out())
                    .isEqualTo(flag.out())
                    .containsPattern("^weir \\d+\\.\\d+\\.\\d+")
                    .contains("java " + System.getProperty("java.version"));
        }
    }

    @Test
    void checkSaysWhatAGoodFileWouldDo() throws IOException {
        Path config = file("""
                model_list:
                  - model_name: m
                    litellm_params: {model: openai/x, api_base: "http://127.0.0.1:9/v1", rpm: 7}
                general_settings: {master_key: sk-secret-master}
                weir:
                  keys: [{key: sk-secret-key-1}]
                """);

        try (WeirProcess weir = WeirProcess.run("check", "--config", config.toString())) {
            assertThat(weir.exitCode()).isZero();
            assertThat(weir.out())
                    .contains("model m -> openai/x at http://127.0.0.1:9/v1 (id ")
                    .contains("no price known")
                    .contains("warning: model_list[0].litellm_params.rpm: not honoured yet")
                    .contains("good, 1 deployments, 1 declared keys, 1 settings not honoured")
                    .doesNotContain("sk-secret");
        }
    }

    @Test
    void checkSaysEveryProblemOfABadFile() throws IOException {
        Path config = file("""
                model_list:
                  - model_name: m
                    litellm_params: {model: openai/x, api_key: os.environ/WEIR_TEST_IS_NOT_SET}
                weir:
                  loops: many
                  sever: {port: 1}
                """);

        try (WeirProcess checked = WeirProcess.run("check", "--config", config.toString());
                WeirProcess served = WeirProcess.run(
                        "serve",
                        "--config",
                        config.toString(),
                        "--data",
                        directory.resolve("data").toString())) {
            assertThat(checked.exitCode()).isEqualTo(1);
            assertThat(served.exitCode()).isEqualTo(1);
            for (String said : List.of(checked.out(), served.err())) {
                assertThat(said)
                        .contains("model_list[0].litellm_params.api_key: os.environ/WEIR_TEST_IS_NOT_SET"
                                + " (expected: a variable that is set) at line 3")
                        .contains("weir.loops: \"many\" (expected: ")
                        .contains("weir.sever: unknown key (expected: ")
                        .contains("server");
            }
            assertThat(checked.out()).contains("3 problems");
            assertThat(directory.resolve("data")).doesNotExist();
        }
    }

    @Test
    void whatIsNotHonouredIsListedAtStart() throws IOException {
        Path config = file("""
                model_list: []
                general_settings: {master_key: sk-secret-master}
                router_settings: {cooldown_time: 5, fallbacks: [{a: [b]}]}
                weir: {server: {host: 127.0.0.1, port: 0}}
                """);

        try (WeirProcess weir = WeirProcess.run(
                        "serve",
                        "--config",
                        config.toString(),
                        "--data",
                        directory.resolve("data").toString())
                .awaitServing()) {
            assertThat(weir.err())
                    .contains("router_settings.cooldown_time: not honoured yet")
                    .contains("router_settings.fallbacks: not honoured yet");
            assertThat(weir.stop()).isZero();
        }
    }

    @Test
    void aFileThatIsNotThereIsSaid() {
        try (WeirProcess weir = WeirProcess.run("check", "--config", "/nowhere/config.yaml")) {
            assertThat(weir.exitCode()).isEqualTo(1);
            assertThat(weir.out()).contains("/nowhere/config.yaml: no such file");
        }
    }

    @Test
    void aDirectoryWithoutAJournalIsNotRecovered() {
        Path nowhere = directory.resolve("nowhere");

        try (WeirProcess weir = WeirProcess.run("recover", "--data", nowhere.toString())) {
            assertThat(weir.exitCode()).isEqualTo(1);
            assertThat(weir.err()).contains("data directory " + nowhere + " has no attempts.journal");
            assertThat(nowhere).doesNotExist();
        }
    }

    @Test
    void thePrintedCurlOfTheDemoRunsAsItStands() throws Exception {
        try (WeirProcess demo = WeirProcess.run(
                "demo", "--port", "0", "--data", directory.resolve("data").toString())) {
            demo.awaitServing();
            demo.awaitSaid("Stop with");
            List<String> curls =
                    demo.out().lines().filter(line -> line.startsWith("curl ")).toList();

            assertThat(curls).hasSize(2);
            assertThat(bash(curls.getFirst()))
                    .contains("\"t0 \"")
                    .contains("\"t23 \"")
                    .endsWith("data: [DONE]\n\n");
            Awaitility.await()
                    .untilAsserted(() -> assertThat(Visitor.json(bash(curls.getLast())))
                            .singleElement()
                            .satisfies(row ->
                                    assertThat(row.path("model").asText()).isEqualTo("demo")));
            assertThat(demo.out()).contains("sk-weir-demo-key").contains("sk-weir-demo-admin");
            assertThat(demo.stop()).isZero();
        }
    }

    @Test
    void aBrokenInstallationEndsTheProcess() throws IOException {
        Path config = file("model_list: []\n");

        try (WeirProcess weir = WeirProcess.runWithout(
                "pekko-remote",
                "serve",
                "--config",
                config.toString(),
                "--port",
                "0",
                "--data",
                directory.resolve("data").toString())) {
            assertThat(weir.exitCode()).isEqualTo(1);
            assertThat(weir.err()).contains("org/apache/pekko/remote");
        }
    }

    private static String bash(String line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", line)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return said;
    }
}
