package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One command of {@link Hooks}.
 *
 * @param path absolute path of the program
 * @param args argument vector, with the program's name as its first entry
 * @param env environment; absent and empty differ for {@code startContainer}, which then inherits
 *     the process's
 * @param timeout seconds before the hook is aborted, greater than zero
 */
public record Hook(
    String path, List<String> args, @Nullable List<String> env, @Nullable Integer timeout) {
  /** Copies collections. */
  public Hook {
    Objects.requireNonNull(path, "path");
    args = List.copyOf(args);
    env = Values.copy(env);
  }
}
