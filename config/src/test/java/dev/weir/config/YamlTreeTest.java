package dev.weir.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class YamlTreeTest {

    private static @Nullable Object scalar(String yaml) {
        YamlTree.Document document = YamlTree.parse("a: " + yaml);
        assertThat(document.problems()).isEmpty();
        return document.root().get("a");
    }

    private static List<String> problems(String yaml) {
        return YamlTree.parse(yaml).problems().stream().map(Problem::toString).toList();
    }

    @Test
    void aScalarIsWhatItLooksLike() {
        assertThat(scalar("5")).isEqualTo(5);
        assertThat(scalar("9223372036854775808")).isEqualTo(new BigInteger("9223372036854775808"));
        assertThat(scalar("1.50")).isEqualTo(new BigDecimal("1.50"));
        assertThat(scalar("true")).isEqualTo(true);
        assertThat(scalar("'5'")).isEqualTo("5");
        assertThat(scalar("text")).isEqualTo("text");
        assertThat(scalar("''")).isEqualTo("");
        assertThat(scalar("")).isNull();
        assertThat(scalar("~")).isNull();
        assertThat(scalar("[1, ~]")).isEqualTo(Arrays.asList(1, null));
    }

    @Test
    void aWordLikeNoStaysAWord() {
        assertThat(Arrays.asList(scalar("no"), scalar("off"), scalar("on"), scalar("y")))
                .isEqualTo(List.of("no", "off", "on", "y"));
    }

    @Test
    void everyPathHasItsLine() {
        YamlTree.Document document = YamlTree.parse("a:\n  - b: 1\n    c:\n      d: 2\n");

        assertThat(document.lines()).containsAllEntriesOf(Map.of("a[0].b", 2, "a[0].c.d", 4));
    }

    @Test
    void aDuplicateKeyIsToldAndTheFirstOneStays() {
        assertThat(problems("a:\n  b: 1\n  b: 2\na: 3\n"))
                .containsExactly(
                        "a.b: duplicate key (expected: each key once) at line 3",
                        "a: duplicate key (expected: each key once) at line 4");
        assertThat(YamlTree.parse("a: 1\na: 2").root()).isEqualTo(Map.of("a", 1));
    }

    @Test
    void anAliasIsWhatItsAnchorWas() {
        assertThat(YamlTree.parse("a: &x [1]\nb: *x\nc: {<<: [{d: 1}, {d: 2, e: 3}]}")
                        .root())
                .isEqualTo(Map.of("a", List.of(1), "b", List.of(1), "c", Map.of("d", 1, "e", 3)));
    }

    @Test
    void anAliasWithoutAnAnchorIsAProblem() {
        assertThat(problems("a: *x")).hasSize(1);
        assertThat(problems("a: &x {b: *x}")).hasSize(1);
        assertThat(problems("a: {<<: 5}")).hasSize(1);
    }

    @Test
    void oneFileIsOneBlock() {
        assertThat(problems("- a"))
                .containsExactly(
                        "yaml: no block of keys (expected: model_list:, general_settings:, weir: ...) at line 1");
        assertThat(problems("a: 1\n---\nb: 2")).hasSize(1);
        assertThat(problems("# nothing but a comment\n")).isEmpty();
    }

    @Test
    void aMarkOfByteOrderIsNoText() {
        assertThat(YamlTree.parse("\uFEFFa: 1").root()).isEqualTo(Map.of("a", 1));
    }

    @Test
    void nestingWithoutEndIsAProblemAndNoCrash() {
        assertThat(problems("a: " + "[".repeat(100_000))).hasSize(1);
        assertThat(problems("a: " + "{b: ".repeat(100_000))).hasSize(1);
    }

    @Property
    void anyTextIsReadOrRefused(@ForAll("yamlLike") String text) {
        try {
            ConfigFile.parse(text, Map.of(), Instant.EPOCH);
        } catch (InvalidConfig refused) {
            assertThat(refused.problems()).isNotEmpty();
        }
    }

    @Provide
    Arbitrary<String> yamlLike() {
        return Arbitraries.of(
                        "model_list",
                        "weir",
                        "keys",
                        "server",
                        ":",
                        " ",
                        "\n",
                        "\n  ",
                        "- ",
                        "[",
                        "]",
                        "{",
                        "}",
                        ",",
                        "&a",
                        "*a",
                        "<<",
                        "'",
                        "\"",
                        "#",
                        "!!binary ",
                        "!x ",
                        "? ",
                        "|",
                        ">",
                        "%",
                        "\t",
                        "1",
                        ".nan",
                        "0x1F",
                        "1_0",
                        "-",
                        "~",
                        "---",
                        "...",
                        "\u0000",
                        "\u2028")
                .list()
                .ofMaxSize(25)
                .map(parts -> String.join("", parts));
    }
}
