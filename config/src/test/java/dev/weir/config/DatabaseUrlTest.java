package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {

    @Test
    void allOfItIsRead() {
        assertThat(DatabaseUrl.parse("postgresql://ann:p%40ss+%2F@db.internal:6432/weir?sslmode=verify-full"))
                .isEqualTo(new DatabaseUrl("db.internal", 6432, "weir", "ann", new Secret("p@ss+/"), "verify-full"));
    }

    @Test
    void theUsualIsLeftOut() {
        assertThat(DatabaseUrl.parse("postgres://ann@db/weir"))
                .isEqualTo(new DatabaseUrl("db", 5432, "weir", "ann", null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mysql://ann:secret@db/weir",
                "postgresql://db/weir",
                "postgresql://ann:secret@db",
                "postgresql://ann:secret@db/",
                "postgresql://ann:secret@db/weir?sslmode=maybe",
                "postgresql://ann:secret@db/weir?options=-c",
                "ann:secret",
                "postgresql://ann:sec ret@db/weir"
            })
    void whatIsNoneIsRefusedAndNotShown(String text) {
        assertThatThrownBy(() -> DatabaseUrl.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("secret"));
    }

    @Test
    void itIsPrintedWithoutItsPassword() {
        assertThat(DatabaseUrl.parse("postgresql://ann:secret@db/weir").toString())
                .isEqualTo("postgresql://ann@db:5432/weir");
    }
}
