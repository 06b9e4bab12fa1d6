package dev.gatun.tests;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/** Gives each invocation of a test its {@link Box}; JUnit closes it, which checks for leftovers. */
abstract class BoxProvider implements ArgumentsProvider {
  private final List<OciRuntime> wanted;

  BoxProvider(List<OciRuntime> wanted) {
    this.wanted = wanted;
  }

  @Override
  public Stream<? extends Arguments> provideArguments(
      ParameterDeclarations parameters, ExtensionContext context) {
    boolean systemd = context.getRequiredTestClass().isAnnotationPresent(SystemdDriver.class);
    List<String> global = systemd ? List.of("--systemd-cgroup") : List.of();
    return wanted.stream()
        // The second oracle runs wherever the first one does.
        .filter(runtime ->
            OciRuntime.selected().contains(runtime == OciRuntime.CRUN ? OciRuntime.RUNC : runtime))
        .map(runtime -> Arguments.of(new Box(runtime, global)));
  }

  /** Boxes of every runtime, the oracle first. */
  static final class EveryRuntime extends BoxProvider {
    EveryRuntime() {
      super(List.of(OciRuntime.RUNC, OciRuntime.GATUN));
    }
  }

  /** Boxes of both oracles and of Gatun. */
  static final class WithCrun extends BoxProvider {
    WithCrun() {
      super(List.of(OciRuntime.RUNC, OciRuntime.CRUN, OciRuntime.GATUN));
    }
  }

  /** A box of Gatun. */
  static final class GatunOnly extends BoxProvider {
    GatunOnly() {
      super(List.of(OciRuntime.GATUN));
    }
  }
}
