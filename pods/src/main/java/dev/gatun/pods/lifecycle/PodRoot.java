package dev.gatun.pods.lifecycle;

import dev.gatun.linux.program.Kernel;
import java.util.List;

/**
 * Where pods are.
 *
 * @param kernel runs programs
 * @param path the state root's path, absolute
 * @param environment of the process that asks, {@code NAME=value} each; plugins get its PATH
 */
public record PodRoot(Kernel kernel, String path, List<String> environment) {
  /** Copies the environment. */
  public PodRoot {
    environment = List.copyOf(environment);
  }
}
