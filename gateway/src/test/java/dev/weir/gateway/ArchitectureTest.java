package dev.weir.gateway;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may import whom: the README's table, and the few rooms that have something to themselves. */
class ArchitectureTest {

    private static final JavaClasses WEIR = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.weir");

    @ParameterizedTest(name = "{0} may see {1}")
    @CsvSource({
        "config, config",
        "actors, actors config",
        "streams, streams config",
        "cluster, cluster actors config",
        "gateway, gateway cluster actors streams config"
    })
    void aModuleSeesOnlyItsTable(String module, String seen) {
        String[] allowed = seen.split(" ");
        String[] packages = new String[allowed.length];
        for (int i = 0; i < allowed.length; i++) {
            packages[i] = "dev.weir." + allowed[i] + "..";
        }
        DescribedPredicate<JavaClass> foreign =
                resideInAnyPackage("dev.weir..").and(DescribedPredicate.not(resideInAnyPackage(packages)));

        noClasses()
                .that()
                .resideInAPackage("dev.weir." + module + "..")
                .should()
                .dependOnClassesThat(foreign)
                .check(WEIR);
    }

    @Test
    void onlyOneRoomKnowsKamon() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.weir.gateway.telemetry..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("kamon..")
                .check(WEIR);
    }

    @Test
    void onlyTheClusterKnowsDatabasesAndSharding() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.weir.cluster..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.sql..",
                        "javax.sql..",
                        "org.h2..",
                        "com.zaxxer..",
                        "org.flywaydb..",
                        "org.apache.pekko.cluster..")
                .check(WEIR);
    }

    @Test
    void meteringKnowsNoSocketAndCarryingKnowsNoDatabase() {
        noClasses()
                .that()
                .resideInAPackage("dev.weir.actors..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "org.apache.pekko.http..", "org.apache.pekko.stream..")
                .check(WEIR);
    }

    @Test
    void onlyTheGatewayKnowsRoutes() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.weir.config..", "dev.weir.actors..", "dev.weir.cluster..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.pekko.http..")
                .check(WEIR);
    }

    @Test
    void rolesAreNotHiddenInNames() {
        classes()
                .should()
                .haveSimpleNameNotEndingWith("Impl")
                .andShould()
                .haveSimpleNameNotEndingWith("Manager")
                .andShould()
                .haveSimpleNameNotEndingWith("Helper")
                .andShould()
                .haveSimpleNameNotEndingWith("Util")
                .andShould()
                .haveSimpleNameNotEndingWith("Utils")
                .andShould()
                .haveSimpleNameNotStartingWith("Abstract")
                .andShould()
                .haveSimpleNameNotStartingWith("Default")
                .check(WEIR);
    }
}
