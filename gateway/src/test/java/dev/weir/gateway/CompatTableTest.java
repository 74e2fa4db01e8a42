package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.config.CompatKey;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What the table of LiteLLM's keys promises is kept by a test of that name. */
class CompatTableTest {

    @Test
    void everyHonouredKeyNamesATestThatExists() {
        assertThat(CompatKey.TABLE)
                .filteredOn(CompatKey::isHonoured)
                .isNotEmpty()
                .allSatisfy(key -> assertThat(Objects.requireNonNull(key.provedBy()))
                        .as(key.path())
                        .satisfies(CompatTableTest::exists));
    }

    @Test
    void noTestProvesTwoKeys() {
        assertThat(CompatKey.TABLE.stream()
                        .filter(CompatKey::isHonoured)
                        .map(CompatKey::provedBy)
                        .toList())
                .doesNotHaveDuplicates();
    }

    private static void exists(String proof) throws ClassNotFoundException {
        String[] parts = proof.split("#");
        assertThat(Arrays.stream(Class.forName(parts[0]).getDeclaredMethods())
                        .filter(method -> method.isAnnotationPresent(Test.class))
                        .map(java.lang.reflect.Method::getName))
                .contains(parts[1]);
    }
}
