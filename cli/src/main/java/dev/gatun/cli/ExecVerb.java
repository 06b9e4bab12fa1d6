package dev.gatun.cli;

import dev.gatun.oci.Capability;
import dev.gatun.runtime.lifecycle.Exec;
import dev.gatun.runtime.lifecycle.ExecProcess;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code gatun exec}. */
final class ExecVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("console-socket", (char) 0, "PATH", "where the terminal is sent to"),
      Option.value("pidfd-socket", (char) 0, "PATH", "where a pidfd of the process is sent to"),
      Option.value("cwd", (char) 0, "DIR", "working directory in the container"),
      Option.values("env", 'e', "NAME=VALUE", "add a variable (can be repeated)"),
      Option.flag("tty", 't', "give the process a terminal"),
      Option.value("user", 'u', "UID[:GID]", "run as another user, by number"),
      Option.values("additional-gids", 'g', "GID", "add a group (can be repeated)"),
      Option.value("process", 'p', "FILE", "take the whole process from a JSON document"),
      Option.flag("detach", 'd', "do not wait for the process"),
      Option.value("pid-file", (char) 0, "FILE", "where the process's pid is written to"),
      Option.value("process-label", (char) 0, "LABEL", "SELinux label of the process"),
      Option.value("apparmor", (char) 0, "PROFILE", "AppArmor profile of the process"),
      Option.flag("no-new-privs", (char) 0, "let the process gain no privileges"),
      Option.values("cap", 'c', "CAP", "add a capability (can be repeated)"),
      Option.value("preserve-fds", (char) 0, "N", "keep N descriptors behind stdio"),
      Option.values("cgroup", (char) 0, "[CTRL:]PATH", "run it in a cgroup below the container's"),
      Option.flag("ignore-paused", (char) 0, "enter a paused container, and wait for resume"),
    };
  }

  @Override
  public String arguments() {
    return "<container-id> [command] [arguments]";
  }

  @Override
  public String summary() {
    return "execute a process in a container";
  }

  @Override
  public String details() {
    return """
    Without --process, the process is the container's own with other arguments and
    with what the options say. The exit status is that of the process, 128 and the
    number of the signal that ended it, or 255 when it could not be executed.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, Integer.MAX_VALUE};
  }

  @Override
  public boolean stopsAtArgument() {
    return true;
  }

  @Override
  public Outcome run(Invocation call) {
    Options options = call.options();
    boolean attended = !options.has("detach");
    Exec.Executed executed =
        Exec.run(
            call.kernel(),
            call.root(),
            new Exec.Request(
                call.id(),
                process(options),
                options.get("console-socket"),
                options.get("pidfd-socket"),
                options.get("pid-file"),
                options.number("preserve-fds"),
                cgroup(options.all("cgroup")),
                options.has("ignore-paused"),
                attended));
    for (String warning : executed.warnings()) {
      call.notes().warn(warning);
    }
    if (!attended) {
      return Outcome.DONE;
    }
    call.notes().flush(call.kernel());
    Exec.attend(call.kernel(), executed);
    return Outcome.LEFT;
  }

  private static ExecProcess process(Options options) {
    String file = options.get("process");
    if (file != null && !file.isEmpty()) {
      return new ExecProcess.Document(file);
    }
    List<String> words = options.arguments();
    String user = options.get("user");
    return new ExecProcess.Changes(
        words.subList(1, words.size()),
        env(options.all("env")),
        options.get("cwd"),
        user == null ? null : ExecProcess.Ids.parse(user),
        groups(options.all("additional-gids")),
        capabilities(options.all("cap")),
        options.get("no-new-privs") == null ? null : options.has("no-new-privs"),
        options.get("apparmor"),
        options.get("process-label"),
        options.has("tty"));
  }

  private static List<String> env(List<String> variables) {
    for (String variable : variables) {
      if (variable.indexOf('=') <= 0) {
        throw new UsageException(
            "invalid value \"" + variable + "\" for --env: it must be NAME=VALUE");
      }
    }
    return variables;
  }

  private static List<Long> groups(List<String> words) {
    List<Long> groups = new ArrayList<>();
    for (String word : words) {
      long number = ExecProcess.Ids.number(word);
      if (number < 0) {
        throw new UsageException(
            "invalid value \""
                + word
                + "\" for --additional-gids: it must be a number from 0 to 4294967294");
      }
      groups.add(number);
    }
    return groups;
  }

  private static List<Capability> capabilities(List<String> words) {
    List<Capability> capabilities = new ArrayList<>();
    for (String word : words) {
      Capability capability = Capability.named(word);
      if (capability == null) {
        throw new UsageException("invalid value \"" + word + "\" for --cap: no such capability");
      }
      capabilities.add(capability);
    }
    return capabilities;
  }

  /** In the one hierarchy of cgroup v2 there is one path, and no controller has its own. */
  static @Nullable String cgroup(List<String> words) {
    if (words.isEmpty()) {
      return null;
    }
    String word = words.getLast();
    int colon = word.indexOf(':');
    if (words.size() > 1 || (colon >= 0 && word.indexOf(':', colon + 1) >= 0)) {
      throw new UsageException("invalid --cgroup argument: " + word);
    }
    if (colon > 0) {
      throw new UsageException(
          "invalid --cgroup argument: "
              + word
              + ": unknown controller "
              + word.substring(0, colon)
              + ": with cgroup v2 it must be a path alone");
    }
    String path = word.substring(colon + 1);
    for (int at = 0; at <= path.length(); at++) {
      int end = path.indexOf('/', at);
      end = end < 0 ? path.length() : end;
      if (path.substring(at, end).equals("..")) {
        throw new UsageException("--cgroup: " + path + " is not a sub cgroup path");
      }
      at = end;
    }
    return path;
  }
}
