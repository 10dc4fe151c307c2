package lb.cli;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

@AnalyzeClasses(packages = "lb", importOptions = {ImportOption.DoNotIncludeTests.class,
    ArchitectureTest.WithoutTestJars.class})
class ArchitectureTest {

    /// Leaves out the tests of other modules.
    static final class WithoutTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    @ArchTest static final ArchRule CORE_KNOWS_NOBODY = noClasses().that().resideInAPackage("lb.core..").should()
            .dependOnClassesThat()
            .resideInAnyPackage("lb.l4..", "lb.cli..").because("arrows go lb-core <- lb-l4 <- lb-cli");

    @ArchTest static final ArchRule L4_KNOWS_ONLY_CORE = noClasses().that().resideInAPackage("lb.l4..").should()
            .dependOnClassesThat()
            .resideInAPackage("lb.cli..").because("arrows go lb-core <- lb-l4 <- lb-cli");

    @ArchTest static final ArchRule CORE_NEEDS_ONLY_THE_JDK = classes().that().resideInAPackage("lb.core..").should()
            .onlyDependOnClassesThat().resideInAnyPackage("lb.core..", "java..", "org.jspecify..");

    @ArchTest static final ArchRule ONE_READER_OF_HOCON = noClasses().that().resideOutsideOfPackage("lb.cli.config")
            .should()
            .dependOnClassesThat().resideInAPackage("com.typesafe.config..");

    @ArchTest static final ArchRule ONE_CALLER_OF_LINUX = noClasses().that().resideOutsideOfPackage("lb.l4.linux..")
            .should()
            .dependOnClassesThat().resideInAPackage("java.lang.foreign..");

    @ArchTest static final ArchRule NO_VAGUE_NAMES = noClasses().should()
            .haveNameMatching(".*(Manager|Helper|Util|Utils|Impl)").because("a name says what a thing is");
}
