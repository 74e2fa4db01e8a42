package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weir.config.price.Price;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFileTest {

    private static final Instant NOW = Instant.parse("2026-08-01T00:00:00Z");

    private static WeirConfig load(String yaml) {
        return ConfigFile.parse(yaml, Map.of("OPENAI_API_KEY", "sk-openai", "PORT", "4711"), NOW);
    }

    private static List<String> problemsOf(String yaml) {
        InvalidConfig invalid = catchThrowableOfType(InvalidConfig.class, () -> load(yaml));
        return invalid == null
                ? List.of()
                : invalid.problems().stream().map(Problem::toString).toList();
    }

    private static String model(String params) {
        return "model_list:\n  - model_name: m\n    litellm_params: {model: openai/gpt-4o, " + params + "}\n";
    }

    private static Deployment deployment(String params) {
        return load(model(params)).deployments().getFirst();
    }

    @Test
    void anEmptyFileIsTheDefaults() {
        WeirConfig config = load("");

        assertThat(config.deployments()).isEmpty();
        assertThat(config.weir()).isEqualTo(WeirSettings.defaults());
        assertThat(config.router()).isEqualTo(new Router(2, null));
        assertThat(config.general()).isEqualTo(new General(null, ZoneId.of("UTC"), false));
        assertThat(config.notHonoured()).isEmpty();
    }

    @Test
    void aDeploymentHasEverythingAroundItResolved() {
        WeirConfig config = load("""
                model_list:
                  - model_name: fast
                    litellm_params:
                      model: openai/meta/llama
                      api_base: http://localhost:9000/v1/
                      api_key: os.environ/OPENAI_API_KEY
                      weight: 2.5
                      timeout: 1.5
                      stream_timeout: 3
                    model_info: {id: one}
                """);

        Deployment deployment = config.deployments().getFirst();
        assertThat(deployment.id()).isEqualTo("one");
        assertThat(deployment.modelName()).isEqualTo("fast");
        assertThat(deployment.provider().prefix()).isEqualTo("openai");
        assertThat(deployment.upstreamModel()).isEqualTo("meta/llama");
        assertThat(deployment.apiBase()).isEqualTo(URI.create("http://localhost:9000/v1"));
        assertThat(deployment.credential()).isEqualTo(new Secret("sk-openai"));
        assertThat(deployment.weight()).isEqualTo(2.5);
        assertThat(deployment.timeouts())
                .isEqualTo(new Deployment.Timeouts(
                        Duration.ofSeconds(600),
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(300),
                        Duration.ofMillis(1500)));
        assertThat(deployment.price()).isEmpty();
    }

    @Test
    void aModelWithoutAPrefixIsOpenAis() {
        Deployment deployment = load("model_list: [{model_name: m, litellm_params: {model: gpt-4o}}]")
                .deployments()
                .getFirst();

        assertThat(deployment.apiBase()).isEqualTo(URI.create("https://api.openai.com/v1"));
        assertThat(deployment.upstreamModel()).isEqualTo("gpt-4o");
        assertThat(deployment.weight()).isEqualTo(1.0);
        assertThat(deployment.price()).isPresent();
    }

    @Test
    void theEnvironmentsCredentialGoesToTheProvidersOwnAddressOnly() {
        assertThat(deployment("weight: 1").credential()).isEqualTo(new Secret("sk-openai"));
        assertThat(deployment("api_base: http://localhost:1/v1").credential()).isNull();
        assertThat(problemsOf("model_list: [{model_name: m, litellm_params: {model: groq/x}}]"))
                .containsExactly("model_list[0].litellm_params.api_key: missing"
                        + " (expected: a credential, or GROQ_API_KEY in the environment) at line 1");
    }

    @Test
    void ollamaIsReachedAtItsOpenAiCompatiblePath() {
        String yaml = "model_list: [{model_name: m, litellm_params: {model: ollama/x, api_base: 'http://box:11434'}}]";

        Deployment deployment = load(yaml).deployments().getFirst();

        assertThat(deployment.apiBase()).isEqualTo(URI.create("http://box:11434/v1"));
        assertThat(deployment.price()).contains(Price.FREE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"anthropic/claude", "bedrock/x", "vertex_ai/x", "gemini/x", "cohere/x", "azure/x", "meta-llama/x"
            })
    void aProviderThatIsNotSpokenStopsTheStart(String model) {
        assertThat(problemsOf("model_list:\n  - model_name: m\n    litellm_params: {model: " + model + "}"))
                .singleElement()
                .asString()
                .startsWith(
                        "model_list[0].litellm_params.model: \"" + model + "\" (expected: a provider that this release")
                .contains("groq/", "openai/<model> with the api_base");
    }

    @Test
    void anIdStaysWhenTheEntryMoves() {
        String a = "{model_name: a, litellm_params: {model: gpt-4o}}";
        String b = "{model_name: b, litellm_params: {model: gpt-4o}}";

        List<Deployment> one =
                load("model_list: [" + a + "," + b + "," + a + "]").deployments();
        List<Deployment> other =
                load("model_list: [" + b + "," + a + "," + a + "]").deployments();

        assertThat(one).extracting(Deployment::id).doesNotHaveDuplicates();
        assertThat(other)
                .extracting(Deployment::id)
                .containsExactlyInAnyOrderElementsOf(
                        one.stream().map(Deployment::id).toList());
        assertThat(other.getFirst().id()).isEqualTo(one.get(1).id());
    }

    @Test
    void aDuplicateIdStopsTheStart() {
        String entry = "{model_name: a, litellm_params: {model: gpt-4o}, model_info: {id: x}}";

        assertThat(problemsOf("model_list: [" + entry + ", " + entry + "]"))
                .containsExactly("model_list[1].model_info.id: \"x\""
                        + " (expected: an id of its own, this one is model_list[0].model_info.id's) at line 1");
    }

    @Test
    void theDeploymentsTimeoutComesBeforeTheRoutersAndThatBeforeTheLibrarys() {
        String library = "litellm_settings: {request_timeout: 7, num_retries: 5}\n";
        String router = "router_settings: {timeout: 6, num_retries: 0}\n";

        assertThat(load(model("timeout: 5") + router + library)
                        .deployments()
                        .getFirst()
                        .timeouts()
                        .total())
                .isEqualTo(Duration.ofSeconds(5));
        assertThat(load(model("weight: 1") + router + library)
                        .deployments()
                        .getFirst()
                        .timeouts()
                        .total())
                .isEqualTo(Duration.ofSeconds(6));
        assertThat(load(model("weight: 1") + library)
                        .deployments()
                        .getFirst()
                        .timeouts()
                        .total())
                .isEqualTo(Duration.ofSeconds(7));
        assertThat(load(router + library).router().numRetries()).isZero();
        assertThat(load(library).router().numRetries()).isEqualTo(5);
    }

    @Test
    void everyProblemIsToldAtOnceWithItsPlace() {
        assertThat(problemsOf("""
                        model_list:
                          - litellm_params: {model: gpt-4o, weight: -1}
                          - model_name: b
                          - model_name: c
                            litellm_params:
                              model: hosted_vllm/x
                              timeout: soon
                        router_settings: {num_retries: many}
                        weir:
                          upstream:
                            max_connections: 0
                        """))
                .containsExactlyInAnyOrder(
                        "model_list[0].model_name: missing (expected: a text) at line 2",
                        "model_list[0].litellm_params.weight: -1 (expected: >= 0) at line 2",
                        "model_list[1].litellm_params.model: missing (expected: a text) at line 3",
                        "model_list[2].litellm_params.timeout: \"soon\" (expected: a number >= 0) at line 7",
                        "model_list[2].litellm_params.api_base: missing (expected: the base URL of the server) at line 6",
                        "router_settings.num_retries: \"many\" (expected: an integer >= 0) at line 8",
                        "weir.upstream.max_connections: 0 (expected: >= 1) at line 11");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model_list: [",
                "a: b: c",
                "\tx: 1",
                "a: 'open",
                "model_list: {a: 1}",
                "- a",
                "just text",
                "router_settings: 5",
                "a: 1\n---\nb: 2",
                "weir: {server: 4}",
                "weir: {server: [1]}",
                "model_list: [null]",
                "model_list: [text]",
                "model_list: *nowhere",
                "litellm_settings: {timezone: Mars}",
                "general_settings: {max_request_size_mb: 0}",
                "general_settings: {max_request_size_mb: 99999999}",
                "general_settings: {master_key: ''}",
                "general_settings: {master_key: os.environ/NOWHERE}",
                "general_settings: {master_key: 'file:/nowhere/at/all'}",
                "general_settings: {max_request_size_mb: 1}\nweir: {server: {max_body: 1MB}}",
            })
    void aFileThatCannotBeMeantStopsTheStart(String yaml) {
        assertThat(problemsOf(yaml)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "api_base: localhost",
                "api_base: 'ftp://x/v1'",
                "api_base: 'http://user:canary@x/v1'",
                "api_base: 'http://x/v1?key=canary'",
                "api_base: 'http://x y/canary'",
                "api_base: os.environ/NOWHERE",
                "api_base: 5",
            })
    void anApiBaseThatIsNoBaseUrlIsToldWithoutItsText(String params) {
        assertThat(problemsOf(model(params)))
                .singleElement()
                .asString()
                .startsWith("model_list[0].litellm_params.api_base: ")
                .doesNotContain("canary");
    }

    @ParameterizedTest
    @CsvSource({
        "timeout: 0, timeout",
        "timeout: -5, timeout",
        "timeout: 1e300, timeout",
        "stream_timeout: [1], stream_timeout",
        "weight: .nan, weight",
        "weight: heavy, weight",
        "input_cost_per_token: -1, input_cost_per_token",
        "input_cost_per_token: 2, input_cost_per_token",
        "output_cost_per_token: free, output_cost_per_token",
        "api_key: 5, api_key",
        "api_key: 'two words', api_key",
    })
    void aWrongTypeOrRangeStopsTheStart(String params, String key) {
        assertThat(problemsOf(model(params)))
                .singleElement()
                .asString()
                .startsWith("model_list[0].litellm_params." + key + ": ");
    }

    @Test
    void aDuplicateYamlKeyStopsTheStartWithItsLine() {
        assertThat(problemsOf("general_settings:\n  max_request_size_mb: 1\n  max_request_size_mb: 2\n"))
                .containsExactly(
                        "general_settings.max_request_size_mb: duplicate key (expected: each key once) at line 3");
    }

    @Test
    void malformedYamlIsToldByItsPlaceAndNeverQuoted() {
        assertThat(problemsOf("general_settings:\n  master_key: \"canary\n"))
                .singleElement()
                .asString()
                .startsWith("yaml: malformed at column")
                .endsWith("at line 2")
                .doesNotContain("canary");
    }

    @Test
    void anchorsAndMergeKeysMeanWhatTheyMeanInYaml() {
        WeirConfig config = load("""
                x-shared: &shared {model: openai/gpt-4o, weight: 3}
                model_list:
                  - model_name: a
                    litellm_params: {<<: *shared, weight: 4}
                  - model_name: b
                    litellm_params: *shared
                """);

        assertThat(config.deployments()).extracting(Deployment::weight).containsExactly(4.0, 3.0);
        assertThat(config.notHonoured()).containsExactly("x-shared: unknown, ignored");
    }

    @Test
    void aNumberMayComeFromTheEnvironment() {
        assertThat(load("weir: {server: {port: os.environ/PORT}}")
                        .weir()
                        .server()
                        .port())
                .isEqualTo(4711);
        assertThat(problemsOf("weir: {server: {port: '4711'}}")).isNotEmpty();
        assertThat(problemsOf("weir: {server: {port: os.environ/NOWHERE}}"))
                .containsExactly(
                        "weir.server.port: \"os.environ/NOWHERE\" (expected: a variable that is set) at line 1");
    }

    @Test
    void aRequestSizeIsInMebibytes() {
        assertThat(load("general_settings: {max_request_size_mb: 2}")
                        .weir()
                        .server()
                        .maxBody())
                .isEqualTo(2 * 1024 * 1024);
    }

    @Test
    void aCredentialMayStandInAFile(@TempDir Path directory) throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), "sk-from-a-file\n");

        WeirConfig config = load("general_settings: {master_key: 'file:" + secret + "'}");

        assertThat(config.general().masterKey()).isEqualTo(new Secret("sk-from-a-file"));
    }

    @Test
    void aFileThatIsMissingOrUnreadableStopsTheStart(@TempDir Path directory) {
        Path missing = directory.resolve("config.yaml");

        assertThat(catchThrowableOfType(InvalidConfig.class, () -> ConfigFile.read(missing, Map.of(), NOW)))
                .hasMessage(missing + ": no such file (expected: a config.yaml)");
        assertThat(catchThrowableOfType(InvalidConfig.class, () -> ConfigFile.read(directory, Map.of(), NOW)))
                .hasMessageContaining("not a readable");
    }

    @Test
    void keysAreDeclaredWithTheirFields() {
        WeirConfig config = load("weir: {keys: [{key: sk-one, key_alias: a, rpm_limit: 5, duration: 1d}]}");

        DeclaredKey key = config.weir().keys().getFirst();
        assertThat(key.key()).isEqualTo(new Secret("sk-one"));
        assertThat(key.settings().alias()).isEqualTo("a");
        assertThat(key.settings().limits()).isEqualTo(Limits.NONE.withRpm(5));
        assertThat(key.settings().expires()).isEqualTo(NOW.plus(Duration.ofDays(1)));
    }

    @Test
    void aKeyIsDeclaredOnce() {
        assertThat(problemsOf("""
                        general_settings: {master_key: sk-master}
                        weir:
                          keys:
                            - {key: sk-one, key_alias: a}
                            - {key: sk-one, key_alias: b}
                            - {key: sk-two, key_alias: a}
                            - {key: sk-master}
                        """))
                .containsExactlyInAnyOrder(
                        "weir.keys[1].key: duplicate key (expected: a key other than weir.keys[0].key) at line 5",
                        "weir.keys[2].key_alias: \"a\" (expected: an alias of its own, this one is weir.keys[0]'s) at line 6",
                        "weir.keys[3].key: duplicate key (expected: a key other than general_settings.master_key) at line 7");
    }

    @ParameterizedTest
    @CsvSource({
        "'{key_alias: a}', weir.keys[0].key",
        "'{key: plain-text}', weir.keys[0].key",
        "'{key: os.environ/NOWHERE}', weir.keys[0].key",
        "'{key: sk-x, rpm_limits: 5}', weir.keys[0].rpm_limits",
        "'{key: sk-x, budget_id: b}', weir.keys[0].budget_id",
        "'{key: sk-x, tpm_limit: lots}', weir.keys[0].tpm_limit",
        "'text', weir.keys[0]",
    })
    void aKeyThatCannotBeKeptAsDeclaredStopsTheStart(String key, String path) {
        assertThat(problemsOf("weir: {keys: [" + key + "]}"))
                .anySatisfy(line -> assertThat(line).startsWith(path + ": "));
    }
}
