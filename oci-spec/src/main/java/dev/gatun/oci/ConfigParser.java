package dev.gatun.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads the parts of {@code config.json} that are not specific to Linux, and {@code process}. */
final class ConfigParser {
  private ConfigParser() {}

  static Spec spec(JsonInput in) {
    String ociVersion = null;
    Root root = null;
    String hostname = null;
    String domainname = null;
    List<Mount> mounts = List.of();
    Process process = null;
    Hooks hooks = null;
    Map<String, String> annotations = Map.of();
    Linux linux = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "ociVersion" -> ociVersion = in.string();
        case "root" -> root = root(in);
        case "hostname" -> hostname = in.string();
        case "domainname" -> domainname = in.string();
        case "mounts" -> mounts = mounts(in);
        case "process" -> process = process(in);
        case "hooks" -> hooks = hooks(in);
        case "annotations" -> annotations = in.stringMap();
        case "linux" -> linux = LinuxParser.linux(in);
        default -> in.skipUnknown();
      }
    }
    if (ociVersion == null) {
      throw in.missing("ociVersion");
    }
    return new Spec(
        ociVersion,
        root,
        hostname,
        domainname,
        mounts,
        process,
        hooks,
        annotations,
        linux,
        in.unknownProperties());
  }

  static Root root(JsonInput in) {
    String path = null;
    boolean readonly = false;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "path" -> path = in.string();
        case "readonly" -> readonly = in.bool();
        default -> in.skipUnknown();
      }
    }
    if (path == null) {
      throw in.missing("path");
    }
    return new Root(path, readonly);
  }

  static Mount mount(JsonInput in) {
    String destination = null;
    String type = null;
    String source = null;
    List<String> options = List.of();
    List<IdMapping> uidMappings = List.of();
    List<IdMapping> gidMappings = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "destination" -> destination = in.string();
        case "type" -> type = in.string();
        case "source" -> source = in.string();
        case "options" -> options = in.strings();
        case "uidMappings" -> uidMappings = LinuxParser.idMappings(in);
        case "gidMappings" -> gidMappings = LinuxParser.idMappings(in);
        default -> in.skipUnknown();
      }
    }
    if (destination == null) {
      throw in.missing("destination");
    }
    return new Mount(destination, type, source, options, uidMappings, gidMappings);
  }

  static Process process(JsonInput in) {
    boolean terminal = false;
    Box consoleSize = null;
    User user = User.ROOT;
    List<String> args = List.of();
    List<String> env = List.of();
    String cwd = null;
    Capabilities capabilities = null;
    List<Rlimit> rlimits = List.of();
    boolean noNewPrivileges = false;
    String apparmorProfile = null;
    Integer oomScoreAdj = null;
    Scheduler scheduler = null;
    String selinuxLabel = null;
    IoPriority ioPriority = null;
    ExecCpuAffinity execCPUAffinity = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "terminal" -> terminal = in.bool();
        case "consoleSize" -> consoleSize = box(in);
        case "user" -> user = user(in);
        case "args" -> args = in.strings();
        case "env" -> env = in.strings();
        case "cwd" -> cwd = in.string();
        case "capabilities" -> capabilities = capabilities(in);
        case "rlimits" -> rlimits = rlimits(in);
        case "noNewPrivileges" -> noNewPrivileges = in.bool();
        case "apparmorProfile" -> apparmorProfile = in.string();
        case "oomScoreAdj" -> oomScoreAdj = in.int32();
        case "scheduler" -> scheduler = scheduler(in);
        case "selinuxLabel" -> selinuxLabel = in.string();
        case "ioPriority" -> ioPriority = ioPriority(in);
        case "execCPUAffinity" -> execCPUAffinity = execCpuAffinity(in);
        default -> in.skipUnknown();
      }
    }
    if (cwd == null) {
      throw in.missing("cwd");
    }
    return new Process(
        terminal,
        consoleSize,
        user,
        args,
        env,
        cwd,
        capabilities,
        rlimits,
        noNewPrivileges,
        apparmorProfile,
        oomScoreAdj,
        scheduler,
        selinuxLabel,
        ioPriority,
        execCPUAffinity);
  }

  static Box box(JsonInput in) {
    Long height = null;
    Long width = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "height" -> height = in.uint64();
        case "width" -> width = in.uint64();
        default -> in.skipUnknown();
      }
    }
    if (height == null) {
      throw in.missing("height");
    }
    if (width == null) {
      throw in.missing("width");
    }
    return new Box(height, width);
  }

  static User user(JsonInput in) {
    Long uid = null;
    Long gid = null;
    Long umask = null;
    List<Long> additionalGids = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "uid" -> uid = in.uint32();
        case "gid" -> gid = in.uint32();
        case "umask" -> umask = in.uint32();
        case "additionalGids" -> additionalGids = in.uint32s();
        default -> in.skipUnknown();
      }
    }
    if (uid == null) {
      throw in.missing("uid");
    }
    if (gid == null) {
      throw in.missing("gid");
    }
    return new User(uid, gid, umask, additionalGids);
  }

  static Capabilities capabilities(JsonInput in) {
    List<Capability> bounding = List.of();
    List<Capability> effective = List.of();
    List<Capability> inheritable = List.of();
    List<Capability> permitted = List.of();
    List<Capability> ambient = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "bounding" -> bounding = capabilitySet(in);
        case "effective" -> effective = capabilitySet(in);
        case "inheritable" -> inheritable = capabilitySet(in);
        case "permitted" -> permitted = capabilitySet(in);
        case "ambient" -> ambient = capabilitySet(in);
        default -> in.skipUnknown();
      }
    }
    return new Capabilities(bounding, effective, inheritable, permitted, ambient);
  }

  static Rlimit rlimit(JsonInput in) {
    Rlimit.Type type = null;
    Long soft = null;
    Long hard = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "type" -> type = rlimitType(in);
        case "soft" -> soft = in.uint64();
        case "hard" -> hard = in.uint64();
        default -> in.skipUnknown();
      }
    }
    if (type == null) {
      throw in.missing("type");
    }
    if (soft == null) {
      throw in.missing("soft");
    }
    if (hard == null) {
      throw in.missing("hard");
    }
    return new Rlimit(type, soft, hard);
  }

  static Scheduler scheduler(JsonInput in) {
    Scheduler.Policy policy = null;
    int nice = 0;
    int priority = 0;
    List<Scheduler.Flag> flags = List.of();
    long runtime = 0;
    long deadline = 0;
    long period = 0;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "policy" -> policy = policy(in);
        case "nice" -> nice = in.int32();
        case "priority" -> priority = in.int32();
        case "flags" -> flags = schedulerFlags(in);
        case "runtime" -> runtime = in.uint64();
        case "deadline" -> deadline = in.uint64();
        case "period" -> period = in.uint64();
        default -> in.skipUnknown();
      }
    }
    if (policy == null) {
      throw in.missing("policy");
    }
    return new Scheduler(policy, nice, priority, flags, runtime, deadline, period);
  }

  static IoPriority ioPriority(JsonInput in) {
    IoPriority.PriorityClass priorityClass = null;
    Integer priority = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "class" -> priorityClass = priorityClass(in);
        case "priority" -> priority = in.int32();
        default -> in.skipUnknown();
      }
    }
    if (priorityClass == null) {
      throw in.missing("class");
    }
    if (priority == null) {
      throw in.missing("priority");
    }
    return new IoPriority(priorityClass, priority);
  }

  static ExecCpuAffinity execCpuAffinity(JsonInput in) {
    String initial = null;
    String finalCpus = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "initial" -> initial = in.string();
        case "final" -> finalCpus = in.string();
        default -> in.skipUnknown();
      }
    }
    return new ExecCpuAffinity(initial, finalCpus);
  }

  static Hooks hooks(JsonInput in) {
    List<Hook> prestart = List.of();
    List<Hook> createRuntime = List.of();
    List<Hook> createContainer = List.of();
    List<Hook> startContainer = List.of();
    List<Hook> poststart = List.of();
    List<Hook> poststop = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "prestart" -> prestart = hookList(in);
        case "createRuntime" -> createRuntime = hookList(in);
        case "createContainer" -> createContainer = hookList(in);
        case "startContainer" -> startContainer = hookList(in);
        case "poststart" -> poststart = hookList(in);
        case "poststop" -> poststop = hookList(in);
        default -> in.skipUnknown();
      }
    }
    return new Hooks(prestart, createRuntime, createContainer, startContainer, poststart, poststop);
  }

  static Hook hook(JsonInput in) {
    String path = null;
    List<String> args = List.of();
    List<String> env = null;
    Integer timeout = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "path" -> path = in.string();
        case "args" -> args = in.strings();
        case "env" -> env = in.strings();
        case "timeout" -> timeout = in.int32();
        default -> in.skipUnknown();
      }
    }
    if (path == null) {
      throw in.missing("path");
    }
    return new Hook(path, args, env, timeout);
  }

  static List<Mount> mounts(JsonInput in) {
    List<Mount> list = new ArrayList<>();
    in.beginArray("mounts");
    while (in.nextElement()) {
      list.add(mount(in));
    }
    return list;
  }

  static List<Rlimit> rlimits(JsonInput in) {
    List<Rlimit> list = new ArrayList<>();
    in.beginArray("rlimits");
    while (in.nextElement()) {
      list.add(rlimit(in));
    }
    return list;
  }

  static List<Hook> hookList(JsonInput in) {
    List<Hook> list = new ArrayList<>();
    in.beginArray("hooks");
    while (in.nextElement()) {
      list.add(hook(in));
    }
    return list;
  }

  private static List<Capability> capabilitySet(JsonInput in) {
    List<Capability> list = new ArrayList<>();
    in.beginArray("strings");
    while (in.nextElement()) {
      list.add(capability(in));
    }
    return list;
  }

  private static List<Scheduler.Flag> schedulerFlags(JsonInput in) {
    List<Scheduler.Flag> list = new ArrayList<>();
    in.beginArray("strings");
    while (in.nextElement()) {
      list.add(schedulerFlag(in));
    }
    return list;
  }

  private static Capability capability(JsonInput in) {
    String name = in.string();
    Capability value = Capability.named(name);
    if (value == null) {
      throw in.error("unknown capability " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Rlimit.Type rlimitType(JsonInput in) {
    String name = in.string();
    Rlimit.Type value = Rlimit.Type.named(name);
    if (value == null) {
      throw in.error("unknown rlimit type " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Scheduler.Policy policy(JsonInput in) {
    String name = in.string();
    Scheduler.Policy value = Scheduler.Policy.named(name);
    if (value == null) {
      throw in.error("unknown scheduler policy " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Scheduler.Flag schedulerFlag(JsonInput in) {
    String name = in.string();
    Scheduler.Flag value = Scheduler.Flag.named(name);
    if (value == null) {
      throw in.error("unknown scheduler flag " + JsonInput.quoted(name));
    }
    return value;
  }

  private static IoPriority.PriorityClass priorityClass(JsonInput in) {
    String name = in.string();
    IoPriority.PriorityClass value = IoPriority.PriorityClass.named(name);
    if (value == null) {
      throw in.error("unknown ioPriority class " + JsonInput.quoted(name));
    }
    return value;
  }
}
