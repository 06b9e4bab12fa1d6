package dev.gatun.cli;

import dev.gatun.linux.program.Kernel;
import dev.gatun.pods.lifecycle.PodRoot;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.lifecycle.Create;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call of the command line.
 *
 * @param kernel runs programs in the process that called
 * @param root the state root's path
 * @param options the command's own options
 * @param environment the caller's environment, {@code NAME=value} each
 * @param notes takes what is worth saying besides
 * @param rootless what {@code --rootless} says
 * @param cgroups who makes the cgroups of containers
 */
record Invocation(
    Kernel kernel,
    String root,
    Options options,
    List<String> environment,
    Notes notes,
    Create.Rootless rootless,
    CgroupDriver cgroups) {

  /** Notes what does not apply to a new container. */
  void warn(Create.Created created) {
    for (String warning : created.warnings()) {
      notes.warn(warning);
    }
  }

  /** The container's id, the first argument. */
  String id() {
    return options.arguments().getFirst();
  }

  /** Where pods are. */
  PodRoot pods() {
    return new PodRoot(kernel, root, environment);
  }

  /** A variable of the caller's environment, or null. */
  @Nullable String variable(String name) {
    String prefix = name + "=";
    for (String variable : environment) {
      if (variable.startsWith(prefix)) {
        return variable.substring(prefix.length());
      }
    }
    return null;
  }
}
