package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsStaySecretTest {

    private static final String CANARY = "sk-canary";
    private static final Map<String, String> ENVIRONMENT = Map.of("KEY", CANARY, "SPACED", CANARY + " b", "EMPTY", " ");

    private static String everythingSaidOf(InvalidConfig invalid) {
        StringWriter text = new StringWriter();
        invalid.printStackTrace(new PrintWriter(text));
        return text + invalid.problems().toString();
    }

    @Test
    void aConfigurationPrintsWithoutThem(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("secret"), CANARY + "-in-a-file");

        WeirConfig config = ConfigFile.parse("""
                model_list:
                  - {model_name: a, litellm_params: {model: gpt-4o, api_key: os.environ/KEY}}
                  - {model_name: b, litellm_params: {model: gpt-4o, api_key: sk-canary-literal}}
                  - {model_name: c, litellm_params: {model: gpt-4o, api_key: "file:%s"}}
                general_settings: {master_key: sk-canary-master}
                weir: {keys: [{key: sk-canary-key}]}
                """.formatted(file), ENVIRONMENT, Instant.EPOCH);

        assertThat(config.deployments()).extracting(Deployment::credential).doesNotContainNull();
        assertThat(config.toString()).contains("Secret[hidden]").doesNotContain("canary");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "general_settings: {master_key: os.environ/SPACED}",
                "general_settings: {master_key: os.environ/EMPTY}",
                "general_settings: {master_key: sk-canary two}",
                "general_settings: {master_key: [sk-canary]}",
                "general_settings: {master_key: {sk-canary: 1}}",
                "general_settings: sk-canary",
                "general_settings: {master_key: \"sk-canary\nsecond: [",
                "general_settings: {master_key: sk-canary, master_key: sk-canary}",
                "general_settings: {max_request_size_mb: os.environ/KEY}",
                "litellm_settings: {timezone: os.environ/KEY}",
                "litellm_settings: {timezone: sk-canary}",
                "weir: {server: {port: os.environ/KEY, head_timeout: os.environ/KEY, max_body: os.environ/KEY}}",
                "weir: {server: {prot: sk-canary, host: [sk-canary]}}",
                "weir: {upstream: {proxy: 'http://u:sk-canary@h:1', ca: sk-canary}}",
                "weir: {keys: [{key: sk-canary, rpm_limit: sk-canary}]}",
                "weir: {keys: [{key: sk-canary}, {key: sk-canary}]}",
                "weir: {keys: [{key: canary-without-prefix}]}",
                "weir: {keys: [sk-canary]}",
                "model_list: [{model_name: m, litellm_params: {model: gpt-4o, api_base: 'http://u:sk-canary@h'}}]",
                "model_list: [{model_name: m, litellm_params: {model: sk-canary/gpt-4o, timeout: sk-canary}}]",
            })
    void aProblemIsToldWithoutThem(String yaml) {
        InvalidConfig invalid =
                catchThrowableOfType(InvalidConfig.class, () -> ConfigFile.parse(yaml, ENVIRONMENT, Instant.EPOCH));

        assertThat(everythingSaidOf(invalid)).doesNotContain("canary");
    }

    @Test
    void aSecretIsComparedByItsValue() {
        assertThat(new Secret("a")).isEqualTo(new Secret("a")).hasSameHashCodeAs(new Secret("a"));
        assertThat(new Secret("a")).isNotEqualTo(new Secret("b"));
        assertThat(new Secret("a").reveal()).isEqualTo("a");
    }
}
