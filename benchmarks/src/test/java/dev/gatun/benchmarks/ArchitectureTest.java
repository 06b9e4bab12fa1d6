package dev.gatun.benchmarks;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.gatun.pods.PodNetwork;
import dev.gatun.runtime.Gatun;
import dev.gatun.runtime.GatunException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The rules that {@code module-info.java} cannot express, over the classes of every module. Each
 * rule is also shown a class that breaks it, so that none can pass because it sees nothing.
 */
class ArchitectureTest {

  private static final String[] MODULES = {
    "dev.gatun.linux",
    "dev.gatun.oci",
    "dev.gatun.cgroups",
    "dev.gatun.netns",
    "dev.gatun.runtime",
    "dev.gatun.pods",
    "dev.gatun.cli"
  };

  private static final JavaClasses GATUN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(MODULES);

  private static final String[] NATIVE = {
    "dev.gatun.linux.local..", "dev.gatun.linux.x86_64..", "dev.gatun.linux.aarch64.."
  };

  /** The library, which lives in a JVM that lives on; its exceptions are everybody's. */
  private static final DescribedPredicate<JavaClass> LIBRARY =
      resideInAPackage("dev.gatun.runtime.embedded..")
          .or(resideInAPackage("dev.gatun.runtime").and(not(assignableTo(GatunException.class))))
          .or(resideInAPackage("dev.gatun.pods").and(not(assignableTo(PodNetwork.class))))
          .as("of the library");

  /** What a command may run: not the library, the kernel of this JVM, and what jextract wrote. */
  private static final DescribedPredicate<JavaClass> DIRECT_PATH =
      not(resideInAnyPackage(NATIVE)).and(not(LIBRARY)).as("on the direct path");

  private static final Set<String> FORMATTING =
      Set.of("format", "formatted", "matches", "replaceAll", "replaceFirst");

  private record Rule(ArchRule rule, Class<?> offender) {}

  private static final List<Rule> RULES =
      List.of(
          new Rule(
              noClasses()
                  .that(DIRECT_PATH)
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("java.lang.foreign..")
                  .because("the first FFM call costs 18 ms, and native memory has one owner"),
              UsesForeign.class),
          new Rule(
              noClasses()
                  .that(DIRECT_PATH)
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("java.nio.file..")
                  .because("it costs milliseconds, and files are opened by the caller's programs"),
              UsesFiles.class),
          new Rule(
              noClasses()
                  .that(DIRECT_PATH)
                  .should()
                  .dependOnClassesThat(
                      resideInAnyPackage(
                          "java.util.regex..",
                          "java.util.logging..",
                          "java.util.stream..",
                          "java.lang.reflect.."))
                  .because("a command is run by a JVM that has just started and interprets"),
              UsesStreams.class),
          new Rule(
              noClasses()
                  .that(DIRECT_PATH)
                  .should()
                  .accessTargetWhere(
                      call(
                          "String methods that parse a format or a regular expression",
                          String.class,
                          FORMATTING))
                  .because("a format or a regular expression costs more than what it prints"),
              UsesFormat.class),
          new Rule(
              noClasses()
                  .that(DIRECT_PATH.and(not(assignableTo(GatunException.class))))
                  .should()
                  .dependOnClassesThat(LIBRARY)
                  .because("a command pays for every class that it loads"),
              UsesLibrary.class),
          new Rule(
              noClasses()
                  .should()
                  .accessTargetWhere(
                      call(
                          "a virtual thread",
                          Thread.class,
                          Set.of("ofVirtual", "startVirtualThread")))
                  .orShould()
                  .accessTargetWhere(
                      call(
                          "an executor of virtual threads",
                          java.util.concurrent.Executors.class,
                          Set.of("newVirtualThreadPerTaskExecutor")))
                  .because(
                      "namespaces, credentials and the working directory belong to a platform thread"),
              UsesVirtualThread.class),
          new Rule(
              noClasses()
                  .that(
                      not(resideInAnyPackage("dev.gatun.cli.."))
                          .and(not(resideInAnyPackage(NATIVE)))
                          .as("outside the command line"))
                  .should()
                  .accessTargetWhere(
                      call(
                          "the streams or the exit of the process",
                          System.class,
                          Set.of("out", "err", "in", "exit")))
                  .because("a library returns errors; the program at the top prints them, once"),
              Prints.class),
          new Rule(
              noClasses()
                  .should()
                  .haveNameMatching(".*(Utils?|Helper|Manager)")
                  .because("such a name does not tell what belongs there"),
              SomeHelper.class));

  @TestFactory
  Stream<DynamicTest> keeps() {
    return RULES.stream()
        .map(rule ->
            DynamicTest.dynamicTest(rule.rule().getDescription(), () -> rule.rule().check(GATUN)));
  }

  @TestFactory
  Stream<DynamicTest> notices() {
    return RULES.stream()
        .map(rule ->
            DynamicTest.dynamicTest(
                rule.offender().getSimpleName(),
                () ->
                    assertTrue(
                        rule.rule()
                            .evaluate(new ClassFileImporter().importClasses(rule.offender()))
                            .hasViolation())));
  }

  /** Inside one module: what programs are knows nothing about what runs them. */
  @Test
  void layersOfTheNativeBindings() {
    noClasses()
        .that()
        .resideInAPackage("dev.gatun.linux")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.gatun.linux.program..", "dev.gatun.linux.image..", "dev.gatun.linux.local..")
        .check(GATUN);
    noClasses()
        .that()
        .resideInAPackage("dev.gatun.linux.program..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.gatun.linux.image..", "dev.gatun.linux.local..")
        .check(GATUN);
    noClasses()
        .that()
        .resideInAPackage("dev.gatun.linux.image..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.gatun.linux.local..")
        .check(GATUN);
  }

  /** The rules above see every module, and {@code java.lang.foreign} where it is allowed. */
  @Test
  void everyModuleIsSeen() {
    for (String module : MODULES) {
      assertTrue(GATUN.containPackage(module), module);
    }
    assertFalse(GATUN.that(resideInAnyPackage("dev.gatun.linux.local..")).isEmpty());
    assertFalse(GATUN.that(assignableTo(Record.class)).isEmpty());
  }

  private static DescribedPredicate<JavaAccess<?>> call(
      String description, Class<?> owner, Set<String> names) {
    return describe(
        description,
        access ->
            access.getTargetOwner().isEquivalentTo(owner)
                && names.contains(access.getTarget().getName()));
  }

  static final class UsesForeign {
    long broken(MemorySegment segment) {
      return segment.byteSize();
    }
  }

  static final class UsesFiles {
    Path broken(java.io.File file) {
      return file.toPath();
    }
  }

  static final class UsesLibrary {
    Gatun broken(Path root) {
      return Gatun.open(root);
    }
  }

  static final class UsesStreams {
    boolean broken(List<String> names, Pattern pattern) {
      return names.stream().anyMatch(name -> pattern.matcher(name).matches());
    }
  }

  static final class UsesFormat {
    String broken(int number) {
      return String.format("%d", number);
    }
  }

  static final class UsesVirtualThread {
    Thread broken(Runnable work) {
      return Thread.ofVirtual().unstarted(work);
    }
  }

  static final class Prints {
    void broken() {
      System.out.println();
    }
  }

  static final class SomeHelper {}
}
