package dev.weir.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher and the archive, as {@code mvn package} leaves them. Maven runs tests before it packs, so in a tree where
 * nothing was packed yet these are skipped.
 */
class LauncherTest {

    private static final Path PACKED =
            Path.of("target", "weir-" + Version.current() + ".tar.gz").toAbsolutePath();

    @TempDir
    static Path directory = Path.of("");

    private static Path weir = Path.of("");

    @BeforeAll
    static void unpack() throws Exception {
        assumeThat(PACKED)
                .as("the archive, which `mvn package -DskipTests` leaves")
                .exists();
        Process tar = new ProcessBuilder("tar", "xzf", PACKED.toString(), "-C", directory.toString()).start();
        assertThat(tar.waitFor()).isZero();
        weir = directory.resolve("weir-" + Version.current() + "/bin/weir");
        // What is tested is the launcher of these sources, also when the archive is an older build's.
        Files.copy(Path.of("bin", "weir"), weir, StandardCopyOption.REPLACE_EXISTING);
    }

    private static WeirProcess launch(Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>(List.of(weir.toString()));
        command.addAll(List.of(arguments));
        Map<String, String> all = new HashMap<>(Map.of("WEIR_JAVA_HOME", "", "JAVA_HOME", ""));
        all.putAll(environment);
        return WeirProcess.start(command, all);
    }

    /** A JDK that says it is of this version, learns when it is trained, and otherwise says what it was told to do. */
    private static Path pretended(String version) throws IOException {
        Path home = Files.createTempDirectory(directory, "jdk-" + version);
        Path java = home.resolve("bin/java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, """
                #!/bin/sh
                if [ "$1" = -version ]; then echo 'openjdk version "%s.0.1" 2026-01-01' >&2; exit 0; fi
                for word in "$@"; do
                  case "$word" in
                    -XX:AOTCacheOutput=*) [ ! -f "$0.forgets" ] && echo learned >"${word#*=}"; exit ;;
                  esac
                done
                echo "descriptors $(ulimit -Sn) of $(ulimit -Hn)"
                echo "told $@"
                exit 7
                """.formatted(version));
        assertThat(java.toFile().setExecutable(true)).isTrue();
        return home;
    }

    private static Map<String, String> ours() {
        return Map.of("WEIR_JAVA_HOME", System.getProperty("java.home"));
    }

    @Test
    void theJdkThatWasChosenIsTaken() throws IOException {
        Map<String, String> environment = Map.of(
                "WEIR_JAVA_HOME",
                pretended("21").toString(),
                "JAVA_HOME",
                pretended("30").toString());

        try (WeirProcess process = launch(environment, "check", "--config", "a file")) {
            assertThat(process.exitCode()).isEqualTo(7);
            assertThat(process.out())
                    .contains("dev.weir.gateway.cli.Main check --config a file")
                    .doesNotContain("UseCompactObjectHeaders");
        }
    }

    @Test
    void aJdkThatIsTooOldIsPassedOver() throws IOException {
        Path old = pretended("17");
        Path installed = directory.resolve("home/.jdks/newest");
        Files.createDirectories(installed.getParent());
        Files.createSymbolicLink(installed, pretended("99"));
        Map<String, String> environment = Map.of(
                "WEIR_JAVA_HOME",
                old.toString(),
                "JAVA_HOME",
                old.toString(),
                "PATH",
                old.resolve("bin") + ":/usr/bin:/bin",
                "HOME",
                directory.resolve("home").toString());

        try (WeirProcess process = launch(environment, "version")) {
            assertThat(process.exitCode()).isEqualTo(7);
            assertThat(process.out()).contains("told -XX").contains("UseCompactObjectHeaders");
        }
    }

    @Test
    void descriptorsAreAsManyAsTheSystemAllows() throws IOException {
        Map<String, String> environment =
                new HashMap<>(Map.of("WEIR_JAVA_HOME", pretended("25").toString(), "JAVA_HOME", ""));

        try (WeirProcess process =
                WeirProcess.start(List.of("bash", "-c", "ulimit -Sn 256; exec '" + weir + "' version"), environment)) {
            assertThat(process.exitCode()).isEqualTo(7);
            String[] words = process.out().lines().findFirst().orElseThrow().split(" ");
            assertThat(words[1]).isEqualTo(words[3]).isNotEqualTo("256");
        }
    }

    @Test
    void exitCodesAreTheProgramsOwn() {
        try (WeirProcess good = launch(ours(), "version");
                WeirProcess mistake = launch(ours(), "serve");
                WeirProcess failed = launch(ours(), "check", "--config", "/nowhere")) {
            assertThat(good.exitCode()).isZero();
            assertThat(good.out()).startsWith("weir " + Version.current());
            assertThat(mistake.exitCode()).isEqualTo(2);
            assertThat(failed.exitCode()).isEqualTo(1);
        }
    }

    @Test
    void signalsAreTheProgramsOwn() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("linked"), weir);

        try (WeirProcess demo = WeirProcess.start(List.of(link.toString(), "demo", "--port", "0"), ours())) {
            demo.awaitServing();
            assertThat(demo.handle().info().command().orElse(""))
                    .isEqualTo(Path.of(System.getProperty("java.home"), "bin", "java")
                            .toRealPath()
                            .toString());
            assertThat(demo.handle().children()).isEmpty();
            assertThat(demo.stop()).isZero();
            assertThat(demo.err()).as("what the JVM complains about").doesNotContain("WARNING");
        }
    }

    @Test
    void theArchiveRunsWithAJreAlone() throws Exception {
        Path jre = directory.resolve("jre");
        Path jlink = Path.of(System.getProperty("java.home"), "bin", "jlink");
        assumeThat(jlink).as("jlink, which a JDK without its jmods lacks").exists();
        Process linking = new ProcessBuilder(
                        jlink.toString(),
                        "--add-modules",
                        "java.se,jdk.jfr,jdk.unsupported,jdk.crypto.ec,jdk.zipfs,jdk.management",
                        "--output",
                        jre.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(linking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(linking.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(linking.exitValue()).as(said).isZero();
        assertThat(jre.resolve("bin/javac")).doesNotExist();
        Path tools = toolsWithoutMaven();

        try (WeirProcess demo = WeirProcess.start(
                List.of(weir.toString(), "demo", "--port", "0"),
                Map.of("PATH", tools.toString(), "JAVA_HOME", jre.toString(), "WEIR_JAVA_HOME", ""))) {
            demo.awaitServing();
            assertThat(demo.visitor().chat("sk-weir-demo-key", "demo").statusCode())
                    .isEqualTo(200);
            assertThat(demo.stop()).isZero();
        }
    }

    /** A directory for PATH with what the launcher needs and nothing else: no Maven, no Java. */
    private static Path toolsWithoutMaven() throws IOException {
        Path tools = Files.createDirectory(directory.resolve("tools"));
        for (String tool : List.of("bash", "env", "dirname", "readlink", "sed")) {
            Path real = Files.exists(Path.of("/bin", tool)) ? Path.of("/bin", tool) : Path.of("/usr/bin", tool);
            Files.createSymbolicLink(tools.resolve(tool), real);
        }
        return tools;
    }

    @Nested
    class TheCache {

        private Path home = Path.of("");
        private Path elsewhere = Path.of("");
        private Path jdk = Path.of("");

        /** An installation of its own, whose libraries are those that were unpacked. */
        @BeforeEach
        void install() throws IOException {
            home = Files.createTempDirectory(directory, "installed");
            elsewhere = Files.createTempDirectory(directory, "elsewhere");
            jdk = pretended("25");
            Files.createDirectory(home.resolve("bin"));
            Files.copy(weir, home.resolve("bin/weir"));
            Files.createSymbolicLink(
                    home.resolve("lib"),
                    directory.resolve("weir-" + Version.current() + "/lib").toRealPath());
        }

        private Map<String, String> environment(String... more) {
            Map<String, String> environment = new HashMap<>(Map.of(
                    "WEIR_JAVA_HOME",
                    jdk.toString(),
                    "JAVA_HOME",
                    "",
                    "HOME",
                    "",
                    "XDG_CACHE_HOME",
                    elsewhere.toString()));
            for (int i = 0; i < more.length; i += 2) {
                environment.put(more[i], more[i + 1]);
            }
            return environment;
        }

        private WeirProcess run(Map<String, String> environment, String... arguments) {
            List<String> command =
                    new ArrayList<>(List.of(home.resolve("bin/weir").toString()));
            command.addAll(List.of(arguments));
            return WeirProcess.start(command, environment);
        }

        private String told(Map<String, String> environment, String... arguments) {
            try (WeirProcess process = run(environment, arguments)) {
                process.exitCode();
                return process.said();
            }
        }

        private List<String> in(Path place) throws IOException {
            if (!Files.isDirectory(place)) {
                return List.of();
            }
            try (Stream<Path> files = Files.list(place)) {
                return files.map(file -> file.getFileName().toString()).sorted().toList();
            }
        }

        /** Also the superuser, who may write everywhere, makes no directory where a file is. */
        private void forbid(Path place) throws IOException {
            Files.writeString(place, "in the way");
        }

        @Test
        void isMadeBesideTheLibrariesAndThenUsed() throws IOException {
            assertThat(told(environment(), "train")).contains("the next start uses");

            assertThat(in(home.resolve("cache"))).singleElement().asString().endsWith(".aot");
            assertThat(told(environment(), "serve")).contains("-XX:AOTCache=" + home.resolve("cache"));
            assertThat(told(environment("WEIR_HEAP", "1g", "WEIR_HEAP_FREE", "100", "TZ", "Asia/Tokyo"), "serve"))
                    .contains("-XX:AOTCache=");
            assertThat(told(environment(), "check")).doesNotContain("AOT");
        }

        @Test
        void isMadeAmongTheUsersCachesWhereTheInstallationIsReadOnly() throws IOException {
            forbid(home.resolve("cache"));

            assertThat(told(environment(), "train")).contains(elsewhere.toString());

            assertThat(in(elsewhere.resolve("weir"))).hasSize(1);
            assertThat(told(environment(), "serve")).contains("-XX:AOTCache=" + elsewhere.resolve("weir"));
        }

        @Test
        void isNotMissedWhereNothingCanBeWritten() throws IOException {
            forbid(home.resolve("cache"));
            forbid(elsewhere.resolve("weir"));

            assertThat(told(environment("WEIR_AOT_DELAY", "0"), "serve"))
                    .contains("told -XX")
                    .doesNotContain("AOT")
                    .doesNotContain("cache");
            try (WeirProcess training = run(environment(), "train")) {
                assertThat(training.exitCode()).isEqualTo(1);
                assertThat(training.err()).contains("no place for the cache");
            }
        }

        @Test
        void isNeitherMadeNorUsedWhenItIsSwitchedOff() throws IOException {
            told(environment(), "train");

            assertThat(told(environment("WEIR_AOT", "off"), "serve")).doesNotContain("AOT");
            assertThat(told(environment("WEIR_AOT", "off"), "train")).contains("WEIR_AOT may not be off");
            assertThat(told(environment("WEIR_JAVA_OPTS", "-XX:SharedArchiveFile=own.jsa"), "serve"))
                    .doesNotContain("AOT");
        }

        @Test
        void isOfOneJdkAndOfTheseLibraries() throws IOException {
            told(environment(), "train");

            jdk = pretended("26");
            assertThat(told(environment(), "serve")).doesNotContain("AOT");
            jdk = pretended("24");
            assertThat(told(environment(), "train")).contains("takes a JDK 25");
        }

        @Test
        void isNotTriedAgainAtOnceWhenItCouldNotBeMade() throws IOException {
            Files.createFile(jdk.resolve("bin/java.forgets"));

            assertThat(told(environment(), "train"))
                    .contains("no cache was made")
                    .contains("/log has the reason");
            Files.delete(jdk.resolve("bin/java.forgets"));
            assertThat(told(environment(), "train")).contains("no cache was made");

            assertThat(in(home.resolve("cache"))).singleElement().asString().endsWith(".making");
            assertThat(told(environment(), "serve")).contains("told -XX").doesNotContain("AOT");
        }

        @Test
        void ofTheRealJdkSpeedsTheNextStartAndDoesNoHarmWhenItIsBroken() throws IOException {
            assumeThat(Runtime.version().feature())
                    .as("the JDK: older ones make no such cache")
                    .isGreaterThanOrEqualTo(25);
            assumeThat(Path.of("/proc/self/maps"))
                    .as("Linux's word on what a process has mapped")
                    .exists();
            jdk = Path.of(System.getProperty("java.home"));
            try (WeirProcess first = run(environment("WEIR_AOT_DELAY", "0"), "demo", "--port", "0")) {
                first.awaitServing();
                assertThat(first.handle().children()).isEmpty();
                Awaitility.await()
                        .atMost(Duration.ofMinutes(3))
                        .until(() -> in(home.resolve("cache")).stream().anyMatch(name -> name.endsWith(".aot")));
                assertThat(first.stop()).isZero();
            }
            Path cache = home.resolve("cache").resolve(in(home.resolve("cache")).getFirst());

            try (WeirProcess next = run(environment(), "demo", "--port", "0")) {
                next.awaitServing();
                assertThat(Files.readString(Path.of("/proc/" + next.pid() + "/maps")))
                        .contains(cache.toString());
                assertThat(next.visitor().chat("sk-weir-demo-key", "demo").statusCode())
                        .isEqualTo(200);
                assertThat(next.stop()).isZero();
                assertThat(next.said()).doesNotContain("[aot").doesNotContain("[warning]");
            }

            Files.writeString(cache, "not what it was");
            try (WeirProcess after = run(environment(), "demo", "--port", "0")) {
                after.awaitServing();
                assertThat(after.stop()).isZero();
                assertThat(after.said()).doesNotContain("[aot").doesNotContain("[warning]");
            }
        }
    }
}
