package dev.gatun.cli;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.userns.Privileges;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where state is kept when nobody says where, by runc's rules: in {@code /run/gatun} for root of
 * the host, and in {@code $XDG_RUNTIME_DIR/gatun} for who cannot write there.
 */
final class DefaultRoot {
  private static final String OF_ROOT = "/run/gatun";

  /** Room for the one line of an ordinary map; more lines are another map already. */
  private static final int MAP_SIZE = 256;

  private DefaultRoot() {}

  static String of(Kernel kernel, List<String> environment) {
    String directory = variable(environment, "XDG_RUNTIME_DIR");
    if (directory == null || !directory.startsWith("/")) {
      return OF_ROOT;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot uid = b.slot("uid");
    Data map = b.output("map", MAP_SIZE);
    Slot file = b.fd("map", "/proc/self/uid_map");
    Label none = b.label("no map");
    b.replyUpTo(map, imm(0));
    b.step("find out who calls", "");
    b.sys(Syscall.GETEUID).into(uid);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/proc/self/uid_map"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerateAny(none);
    Slot length = Idioms.readAll(b, file, map);
    Idioms.close(b, file);
    b.replyUpTo(map, length);
    b.bind(none);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    if (result.slot(uid) == 0) {
      // Root in a user namespace whose USER is root is in a container of its own.
      boolean nested =
          Privileges.isNested(new String(result.bytes(map), StandardCharsets.US_ASCII));
      if (!nested || "root".equals(variable(environment, "USER"))) {
        return OF_ROOT;
      }
    }
    return directory + "/gatun";
  }

  private static @Nullable String variable(List<String> environment, String name) {
    String prefix = name + "=";
    for (int i = 0; i < environment.size(); i++) {
      if (environment.get(i).startsWith(prefix)) {
        return environment.get(i).substring(prefix.length());
      }
    }
    return null;
  }
}
