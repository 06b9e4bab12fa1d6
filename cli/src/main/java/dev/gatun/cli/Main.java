package dev.gatun.cli;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.caller.CallerKernel;
import dev.gatun.runtime.lifecycle.Create;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The direct mode: the JVM that the caller has started for one command. Standard input is the
 * socket to it, in both directions.
 */
public final class Main {
  static final Option[] GLOBAL = {
    Option.value("root", (char) 0, "DIR", "state root (/run/gatun or $XDG_RUNTIME_DIR/gatun)"),
    Option.value("log", (char) 0, "FILE", "write errors to a file too"),
    Option.value("log-format", (char) 0, "FORMAT", "of the log: text or json (default text)"),
    Option.flag("debug", (char) 0, "write what is done to the log, or to standard error"),
    Option.flag("systemd-cgroup", (char) 0, "use systemd for cgroups"),
    Option.value(
        "cgroup-manager", (char) 0, "NAME", "cgroupfs, systemd or disabled (default cgroupfs)"),
    Option.value("rootless", (char) 0, "BOOL", "true, false or auto (default auto)"),
    Option.flag("version", 'v', "print the version"),
    Option.flag("help", 'h', "print this help"),
  };

  private final Kernel kernel;
  private final List<String> words;
  private final List<String> environment;
  private Notes notes = new Notes(null, false, false);

  Main(Kernel kernel, List<String> words, List<String> environment) {
    this.kernel = kernel;
    this.words = words;
    this.environment = environment;
  }

  /**
   * Serves one command.
   *
   * @param args none
   */
  public static void main(String[] args) {
    try {
      CallerKernel caller =
          new CallerKernel(
              new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.in));
      Main main = new Main(caller, caller.arguments(), caller.environment());
      main.end(main.dispatch());
    } catch (UncheckedIOException callerIsGone) {
      // Whoever killed the command knows, and nobody else is there to be told.
    }
    // Nothing is left to be done, and an orderly end would only take time.
    Runtime.getRuntime().halt(0);
  }

  /** Does what the command line says, and says how to end. */
  Outcome dispatch() {
    String name = "";
    try {
      Options global = Options.parse(words, 1, GLOBAL, true);
      String log = global.get("log");
      String format = global.get("log-format", "text");
      if (!format.equals("text") && !format.equals("json")) {
        throw new UsageException("invalid log format \"" + format + "\": it must be text or json");
      }
      notes = new Notes(log, format.equals("json"), global.has("debug"));
      if (global.has("version")) {
        return Outcome.print(Version.text());
      }
      List<String> rest = global.arguments();
      if (global.has("help") || rest.isEmpty() || rest.getFirst().equals("help")) {
        return Help.of(rest);
      }
      name = Verbs.name(rest);
      if (name.equals(Verbs.POD)) {
        return Help.ofPods();
      }
      Verb verb = Verbs.named(name);
      if (verb == null) {
        throw new UsageException("no command is called \"" + name + "\": see gatun --help");
      }
      Option[] table = Help.withHelp(verb.options());
      Options options = Options.parse(rest, Verbs.words(rest), table, verb.stopsAtArgument());
      if (options.has("help")) {
        return Outcome.print(Help.of(name, verb));
      }
      int count = options.arguments().size();
      int[] bounds = verb.argumentCount();
      if (count < bounds[0] || count > bounds[1]) {
        throw new UsageException(
            "wrong number of arguments: \"gatun "
                + name
                + "\" takes "
                + (verb.arguments().isEmpty() ? "no arguments" : verb.arguments())
                + ": see gatun "
                + name
                + " --help");
      }
      return verb.run(
          new Invocation(
              notes.debugs() ? new DebugKernel(kernel, notes) : kernel,
              root(global),
              options,
              environment,
              notes,
              rootless(global),
              CgroupOptions.driver(global, environment)));
    } catch (RuntimeException e) {
      return Outcome.fail(name.equals("exec") ? 255 : 1, sentence(e));
    }
  }

  private String root(Options global) {
    String root = global.get("root");
    return root == null ? DefaultRoot.of(kernel, environment) : root;
  }

  private static Create.Rootless rootless(Options global) {
    String value = global.get("rootless", "auto");
    return switch (value) {
      case "auto" -> Create.Rootless.AUTO;
      case "true" -> Create.Rootless.TRUE;
      case "false" -> Create.Rootless.FALSE;
      default ->
          throw new UsageException(
              "invalid value \"" + value + "\" for --rootless: it must be true, false or auto");
    };
  }

  /** The whole cause in one line, what could not be cleaned up included. */
  private static String sentence(RuntimeException e) {
    String message = e.getMessage();
    StringBuilder out = new StringBuilder(message == null ? e.toString() : message);
    if (message == null || isDefect(e)) {
      out.insert(0, e.getClass().getName() + ": ");
      for (StackTraceElement element : e.getStackTrace()) {
        out.append(" at ").append(element);
      }
    }
    for (Throwable suppressed : e.getSuppressed()) {
      out.append("; then, while cleaning up: ").append(suppressed.getMessage());
    }
    return out.toString().replace('\n', ' ');
  }

  private static boolean isDefect(RuntimeException e) {
    return e.getClass().getName().startsWith("java.");
  }

  /** Prints, logs, and ends the caller. */
  private void end(Outcome outcome) {
    if (outcome.left()) {
      return;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Label exit = b.label("exit");
    b.onFailure(exit);
    int status = outcome.status();
    Slot code = b.slot("status");
    b.set(code, imm(status == 0 ? 1 : status));
    if (!outcome.error().isEmpty()) {
      notes.error(outcome.error());
    }
    notes.write(b);
    if (!outcome.error().isEmpty()) {
      Idioms.writeAll(
          b, imm(2), ("gatun: " + outcome.error() + "\n").getBytes(StandardCharsets.UTF_8));
    }
    Idioms.writeAll(b, imm(1), outcome.out());
    b.set(code, imm(status));
    b.bind(exit);
    b.sys(Syscall.EXIT_GROUP, code);
    kernel.finish(b.build());
  }
}
