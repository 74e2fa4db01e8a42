package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExampleTest {

    private static final Map<String, String> ENVIRONMENT = Map.of(
            "OPENAI_API_KEY", "sk-openai",
            "GROQ_API_KEY", "gsk-groq",
            "WEIR_MASTER_KEY", "sk-master",
            "WEIR_KEY_BATCH", "sk-batch");

    private static WeirConfig example() {
        return ConfigFile.read(Path.of("example.yaml"), ENVIRONMENT, Instant.EPOCH);
    }

    @Test
    void theExampleLoadsAndEveryLineOfItIsHonoured() {
        WeirConfig config = example();

        assertThat(config.notHonoured()).isEmpty();
        assertThat(config.deployments())
                .hasSize(4)
                .allSatisfy(deployment -> assertThat(deployment.price()).isPresent());
        assertThat(config.weir().keys()).hasSize(1);
    }

    @Test
    void theExampleShowsTheDefaults() {
        WeirSettings weir = example().weir();
        WeirSettings defaults = WeirSettings.defaults();

        assertThat(weir.upstream()).isEqualTo(defaults.upstream());
        assertThat(weir.meters()).isEqualTo(defaults.meters());
        assertThat(weir.storage()).isEqualTo(defaults.storage());
    }
}
