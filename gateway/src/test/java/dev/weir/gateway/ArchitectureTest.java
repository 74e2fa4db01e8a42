package dev.weir.gateway;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The house's plan: who may know whom. Plain test methods, because Surefire skips ArchUnit's own. */
class ArchitectureTest {

    private static final JavaClasses WEIR = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.weir");

    /** Each module and the other modules that it may import; nothing else is allowed. */
    private static final Map<String, List<String>> PLAN = Map.of(
            "config", List.of(),
            "actors", List.of("config"),
            "streams", List.of("config"),
            "cluster", List.of("config", "actors"),
            "gateway", List.of("config", "actors", "streams", "cluster"));

    private static String[] packages(List<String> modules) {
        return modules.stream().map(module -> "dev.weir." + module + "..").toArray(String[]::new);
    }

    @Test
    void modulesImportWhatThePlanAllows() {
        assertThat(WEIR).hasSizeGreaterThan(150);
        PLAN.forEach((module, others) -> {
            List<String> allowed =
                    Stream.concat(Stream.of(module), others.stream()).toList();
            classes()
                    .that()
                    .resideInAPackage("dev.weir." + module + "..")
                    .should()
                    .onlyDependOnClassesThat(
                            resideOutsideOfPackages("dev.weir..").or(resideInAnyPackage(packages(allowed))))
                    .check(WEIR);
        });
    }

    @Test
    void everyClassIsInAModule() {
        classes()
                .should()
                .resideInAnyPackage(packages(List.copyOf(PLAN.keySet())))
                .check(WEIR);
    }

    @Test
    void onlyTelemetryKnowsKamon() {
        onlyKnow("dev.weir.gateway.telemetry..", "kamon..");
    }

    @Test
    void onlyTheClusterKnowsDatabases() {
        onlyKnow("dev.weir.cluster..", "java.sql..", "javax.sql..", "org.sqlite..", "org.flywaydb..", "com.zaxxer..");
    }

    @Test
    void onlyTheClusterKnowsArteryAndSharding() {
        onlyKnow("dev.weir.cluster..", "org.apache.pekko.remote..", "org.apache.pekko.cluster..");
    }

    @Test
    void onlyDoorsAndTransportKnowHttp() {
        noClasses()
                .that()
                .resideInAnyPackage(packages(List.of("config", "actors", "cluster")))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.pekko.http..", "io.netty..")
                .check(WEIR);
    }

    @Test
    void configurationKnowsNoActors() {
        noClasses()
                .that()
                .resideInAPackage("dev.weir.config..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.pekko..")
                .check(WEIR);
    }

    @Test
    void metersKnowNoStreams() {
        noClasses()
                .that()
                .resideInAPackage("dev.weir.actors..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.pekko.stream..")
                .check(WEIR);
    }

    @Test
    void namesSayWhatAThingIs() {
        noClasses()
                .should()
                .haveNameMatching(".*\\.(Abstract|Default|Base)[A-Z]\\w*|.*(Impl|Manager|Helper|Utils?)")
                .check(WEIR);
    }

    private static void onlyKnow(String room, String... secrets) {
        noClasses()
                .that()
                .resideOutsideOfPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(secrets)
                .check(WEIR);
        assertThat(WEIR.that(resideInAnyPackage(room)))
                .as("somebody in %s must know %s, or this rule is about nothing", room, secrets[0])
                .anyMatch(each -> each.getDirectDependenciesFromSelf().stream()
                        .anyMatch(dependency -> resideInAnyPackage(secrets).test(dependency.getTargetClass())));
    }

    @Test
    void nobodyLogsByTheJdk() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.logging..")
                .check(WEIR);
    }

    /** The access log may be told to go there, and the mock as a process says its port. */
    @Test
    void onlyTheCommandLineTalksToTheTerminal() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.weir.gateway.cli..")
                .and()
                .doNotHaveFullyQualifiedName("dev.weir.gateway.telemetry.AccessLines")
                .and()
                .doNotHaveFullyQualifiedName("dev.weir.streams.mock.MockMain")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(WEIR);
    }

    private static final Path PERF = Path.of("..", "perf");

    private static final Pattern IMPORT =
            Pattern.compile("^import (?:static )?(dev\\.weir\\.[\\w.]+)", Pattern.MULTILINE);

    /** Its micro-benchmarks link the pieces that they measure. */
    private static final String PIECES = "dev/weir/perf/jmh/";

    /** What a sabotage puts into the gateway's own process. */
    private static final String DAMAGE = "/sabotage/Damage";

    /** It starts Weir as a process and is not on this class path, so its sources are read instead. */
    @Test
    void perfKnowsConfigurationAndTheMock() throws IOException {
        assertThat(Files.readString(PERF.resolve("pom.xml"))).doesNotContain("weir-gateway");
        importsOfPerf(
                file -> !file.contains(PIECES) && !file.contains(DAMAGE),
                "dev.weir.perf.",
                "dev.weir.config.",
                "dev.weir.streams.mock.");
    }

    @Test
    void perfsBenchmarksOfPiecesKnowNoGateway() throws IOException {
        importsOfPerf(
                file -> file.contains(PIECES) || file.contains(DAMAGE),
                "dev.weir.perf.",
                "dev.weir.config.",
                "dev.weir.actors.",
                "dev.weir.streams.",
                "dev.weir.cluster.");
    }

    private static void importsOfPerf(Predicate<String> some, String... allowed) throws IOException {
        try (Stream<Path> files = Files.walk(PERF.resolve("src"))) {
            assertThat(files.map(Path::toString)
                            .filter(file -> file.endsWith(".java"))
                            .filter(some))
                    .isNotEmpty()
                    .allSatisfy(file -> assertThat(IMPORT.matcher(Files.readString(Path.of(file)))
                                    .results()
                                    .map(found -> found.group(1)))
                            .as(file)
                            .allMatch(name -> Stream.of(allowed).anyMatch(name::startsWith)));
        }
    }
}
