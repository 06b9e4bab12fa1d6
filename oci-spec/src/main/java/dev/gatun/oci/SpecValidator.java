package dev.gatun.oci;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the specification that go beyond the type of a value, and those of the kernel that
 * can be told from the document alone.
 *
 * <p>The first broken rule is thrown as a {@link SpecException} with a JSON pointer but without a
 * line, which {@link SpecReader#located} adds. Whether a valid value is supported on this machine
 * is not decided here.
 */
public final class SpecValidator {
  private static final int UTS_LENGTH = 64;

  private final String fileName;

  private SpecValidator(String fileName) {
    this.fileName = fileName;
  }

  /**
   * Validates a config.
   *
   * @param spec the config
   * @param fileName its name, for messages
   * @throws SpecException if it breaks a rule
   */
  public static void validate(Spec spec, String fileName) {
    new SpecValidator(fileName).spec(spec);
  }

  /**
   * Validates a process.
   *
   * @param process the process
   * @param fileName name of its document, for messages
   * @param pointer where it stands in the document, empty when it is the document
   * @throws SpecException if it breaks a rule
   */
  public static void validate(Process process, String fileName, String pointer) {
    new SpecValidator(fileName).process(process, pointer);
  }

  /**
   * Validates resources.
   *
   * @param resources the resources
   * @param fileName name of their document, for messages
   * @param pointer where they stand in the document, empty when they are the document
   * @throws SpecException if they break a rule
   */
  public static void validate(Resources resources, String fileName, String pointer) {
    new ResourcesValidator(fileName).resources(resources, pointer);
  }

  private void spec(Spec spec) {
    if (!Rules.isVersion1(spec.ociVersion())) {
      throw error(
          "/ociVersion",
          "expected a version 1.x.y of the specification, found "
              + JsonInput.quoted(spec.ociVersion()));
    }
    Root root = spec.root();
    if (root == null) {
      throw error("", "missing property \"root\"");
    }
    if (root.path().isEmpty()) {
      throw error("/root/path", "the path is empty");
    }
    Linux linux = spec.linux();
    List<Namespace> namespaces = linux == null ? List.of() : linux.namespaces();
    utsName("/hostname", spec.hostname(), namespaces);
    utsName("/domainname", spec.domainname(), namespaces);
    for (int i = 0; i < spec.mounts().size(); i++) {
      mount(spec.mounts().get(i), "/mounts/" + i, namespaces);
    }
    Process process = spec.process();
    if (process != null) {
      process(process, "/process");
    }
    Hooks hooks = spec.hooks();
    if (hooks != null) {
      hooks(hooks.prestart(), "prestart");
      hooks(hooks.createRuntime(), "createRuntime");
      hooks(hooks.createContainer(), "createContainer");
      hooks(hooks.startContainer(), "startContainer");
      hooks(hooks.poststart(), "poststart");
      hooks(hooks.poststop(), "poststop");
    }
    for (Map.Entry<String, String> annotation : spec.annotations().entrySet()) {
      if (annotation.getKey().isEmpty()) {
        throw error("/annotations", "a name is empty");
      }
    }
    if (linux != null) {
      new LinuxValidator(fileName).linux(linux, "/linux");
    }
  }

  private void utsName(String pointer, @Nullable String name, List<Namespace> namespaces) {
    if (name == null) {
      return;
    }
    if (!Rules.has(namespaces, NamespaceType.UTS)) {
      throw error(pointer, "needs a uts namespace in /linux/namespaces");
    }
    if (name.length() > UTS_LENGTH) {
      throw error(pointer, "longer than " + UTS_LENGTH + " characters");
    }
  }

  private void mount(Mount mount, String pointer, List<Namespace> namespaces) {
    if (mount.destination().isEmpty()) {
      throw error(pointer + "/destination", "the path is empty");
    }
    if (mount.uidMappings().isEmpty() != mount.gidMappings().isEmpty()) {
      throw error(pointer, "uidMappings and gidMappings need each other");
    }
    Rules.idMappings(fileName, pointer, "/uidMappings/", mount.uidMappings());
    Rules.idMappings(fileName, pointer, "/gidMappings/", mount.gidMappings());
    if (mount.uidMappings().isEmpty()) {
      List<String> options = mount.options();
      for (int i = 0; i < options.size(); i++) {
        String option = options.get(i);
        if ((option.equals("idmap") || option.equals("ridmap"))
            && !Rules.has(namespaces, NamespaceType.USER)) {
          throw error(
              pointer + "/options/" + i,
              option + " needs uidMappings and gidMappings, or a user namespace");
        }
      }
    }
  }

  private void process(Process process, String pointer) {
    if (process.args().isEmpty()) {
      throw error(pointer + "/args", "at least one entry is needed");
    }
    absolute(pointer, "/cwd", process.cwd());
    Long umask = process.user().umask();
    if (umask != null && umask > 0777) {
      throw error(pointer + "/user/umask", "expected 0 to 511, found " + umask);
    }
    for (int i = 0; i < process.env().size(); i++) {
      if (process.env().get(i).indexOf('=') <= 0) {
        throw error(
            pointer + "/env/" + i,
            "expected NAME=value, found " + JsonInput.quoted(process.env().get(i)));
      }
    }
    Box size = process.consoleSize();
    if (process.terminal() && size != null) {
      dimension(pointer + "/consoleSize/height", size.height());
      dimension(pointer + "/consoleSize/width", size.width());
    }
    rlimits(process.rlimits(), pointer);
    Integer oomScoreAdj = process.oomScoreAdj();
    if (oomScoreAdj != null && (oomScoreAdj < -1000 || oomScoreAdj > 1000)) {
      throw error(pointer + "/oomScoreAdj", "expected -1000 to 1000, found " + oomScoreAdj);
    }
    Scheduler scheduler = process.scheduler();
    if (scheduler != null) {
      scheduler(scheduler, pointer + "/scheduler");
    }
    IoPriority ioPriority = process.ioPriority();
    if (ioPriority != null && (ioPriority.priority() < 0 || ioPriority.priority() > 7)) {
      throw error(
          pointer + "/ioPriority/priority", "expected 0 to 7, found " + ioPriority.priority());
    }
    ExecCpuAffinity affinity = process.execCPUAffinity();
    if (affinity != null) {
      Rules.numberList(fileName, pointer, "/execCPUAffinity/initial", affinity.initial());
      Rules.numberList(fileName, pointer, "/execCPUAffinity/final", affinity.finalCpus());
    }
  }

  private void dimension(String pointer, long characters) {
    if (characters < 0 || characters > 0xffff) {
      throw error(pointer, "expected 0 to 65535, found " + Long.toUnsignedString(characters));
    }
  }

  private void rlimits(List<Rlimit> rlimits, String pointer) {
    int seen = 0;
    for (int i = 0; i < rlimits.size(); i++) {
      Rlimit rlimit = rlimits.get(i);
      int bit = 1 << rlimit.type().number();
      if ((seen & bit) != 0) {
        throw error(pointer + "/rlimits/" + i, rlimit.type().name() + " is listed twice");
      }
      seen |= bit;
      if (Long.compareUnsigned(rlimit.soft(), rlimit.hard()) > 0) {
        throw error(
            pointer + "/rlimits/" + i,
            "the soft limit "
                + Long.toUnsignedString(rlimit.soft())
                + " is above the hard limit "
                + Long.toUnsignedString(rlimit.hard()));
      }
    }
  }

  private void scheduler(Scheduler scheduler, String pointer) {
    Scheduler.Policy policy = scheduler.policy();
    if (policy == Scheduler.Policy.SCHED_ISO) {
      throw error(pointer + "/policy", "SCHED_ISO is reserved and in no kernel");
    }
    if (scheduler.nice() < -20 || scheduler.nice() > 19) {
      throw error(pointer + "/nice", "expected -20 to 19, found " + scheduler.nice());
    }
    boolean realTime = policy == Scheduler.Policy.SCHED_FIFO || policy == Scheduler.Policy.SCHED_RR;
    if (realTime && (scheduler.priority() < 1 || scheduler.priority() > 99)) {
      throw error(
          pointer + "/priority",
          policy.name() + " needs a priority from 1 to 99, found " + scheduler.priority());
    }
    if (!realTime && scheduler.priority() != 0) {
      throw error(pointer + "/priority", "only SCHED_FIFO and SCHED_RR have a priority");
    }
    if (policy == Scheduler.Policy.SCHED_DEADLINE) {
      long end = scheduler.period() == 0 ? scheduler.deadline() : scheduler.period();
      if (scheduler.runtime() == 0
          || Long.compareUnsigned(scheduler.runtime(), scheduler.deadline()) > 0
          || Long.compareUnsigned(scheduler.deadline(), end) > 0) {
        throw error(pointer, "SCHED_DEADLINE needs 0 < runtime <= deadline <= period");
      }
    } else if (scheduler.runtime() != 0 || scheduler.deadline() != 0 || scheduler.period() != 0) {
      throw error(pointer, "only SCHED_DEADLINE has runtime, deadline and period");
    }
  }

  private void hooks(List<Hook> hooks, String name) {
    for (int i = 0; i < hooks.size(); i++) {
      Hook hook = hooks.get(i);
      String pointer = "/hooks/" + name + "/" + i;
      absolute(pointer, "/path", hook.path());
      Integer timeout = hook.timeout();
      if (timeout != null && timeout <= 0) {
        throw error(pointer + "/timeout", "expected a number of seconds above 0, found " + timeout);
      }
    }
  }

  private void absolute(String pointer, String name, String path) {
    Rules.absolute(fileName, pointer, name, path);
  }

  private SpecException error(String pointer, String problem) {
    return new SpecException(fileName, 0, 0, pointer, problem);
  }
}
