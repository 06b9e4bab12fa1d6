package dev.gatun.oci;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rules for the Linux section. */
final class LinuxValidator {
  private static final long NANOSECONDS = 1_000_000_000L;

  /** IFNAMSIZ, less the NUL. */
  private static final int INTERFACE_NAME_LENGTH = 15;

  private final String fileName;

  LinuxValidator(String fileName) {
    this.fileName = fileName;
  }

  void linux(Linux linux, String pointer) {
    namespaces(linux, pointer);
    idMappings(linux, pointer);
    timeOffsets(linux, pointer);
    if (!linux.sysctl().isEmpty()) {
      for (String name : linux.sysctl().keySet()) {
        sysctl(name, linux.namespaces(), pointer + "/sysctl" + Rules.pointerPart(name));
      }
    }
    Resources resources = linux.resources();
    if (resources != null) {
      new ResourcesValidator(fileName).resources(resources, pointer + "/resources");
    }
    cgroupsPath(linux.cgroupsPath(), pointer);
    for (int i = 0; i < linux.devices().size(); i++) {
      device(linux.devices().get(i), pointer + "/devices/" + i);
    }
    for (Map.Entry<String, NetDevice> entry : linux.netDevices().entrySet()) {
      netDevice(entry.getKey(), entry.getValue(), linux, pointer + "/netDevices");
    }
    Seccomp seccomp = linux.seccomp();
    if (seccomp != null) {
      new SeccompValidator(fileName).seccomp(seccomp, pointer + "/seccomp");
    }
    paths(linux.maskedPaths(), pointer, "/maskedPaths/");
    paths(linux.readonlyPaths(), pointer, "/readonlyPaths/");
    IntelRdt intelRdt = linux.intelRdt();
    if (intelRdt != null) {
      intelRdt(intelRdt, pointer + "/intelRdt");
    }
    MemoryPolicy memoryPolicy = linux.memoryPolicy();
    if (memoryPolicy != null) {
      memoryPolicy(memoryPolicy, pointer + "/memoryPolicy");
    }
    Personality personality = linux.personality();
    if (personality != null && !personality.flags().isEmpty()) {
      throw error(
          pointer + "/personality/flags/0",
          "unknown personality flag " + JsonInput.quoted(personality.flags().get(0)));
    }
  }

  private void namespaces(Linux linux, String pointer) {
    int seen = 0;
    for (int i = 0; i < linux.namespaces().size(); i++) {
      Namespace namespace = linux.namespaces().get(i);
      NamespaceType type = namespace.type();
      if ((seen & type.cloneFlag()) != 0) {
        throw error(
            pointer + "/namespaces/" + i, "a " + type.specName() + " namespace is listed twice");
      }
      seen |= type.cloneFlag();
      String path = namespace.path();
      if (path != null) {
        Rules.absolute(fileName, pointer, "/namespaces/" + i + "/path", path);
      }
    }
  }

  private void idMappings(Linux linux, String pointer) {
    Rules.idMappings(fileName, pointer, "/uidMappings/", linux.uidMappings());
    Rules.idMappings(fileName, pointer, "/gidMappings/", linux.gidMappings());
    Namespace user = linux.namespace(NamespaceType.USER);
    if (user == null) {
      if (!linux.uidMappings().isEmpty()) {
        throw error(pointer + "/uidMappings", "needs a user namespace in /linux/namespaces");
      }
      if (!linux.gidMappings().isEmpty()) {
        throw error(pointer + "/gidMappings", "needs a user namespace in /linux/namespaces");
      }
    } else if (linux.uidMappings().isEmpty() != linux.gidMappings().isEmpty()) {
      throw error(pointer, "uidMappings and gidMappings need each other");
    }
  }

  private void timeOffsets(Linux linux, String pointer) {
    if (linux.timeOffsets().isEmpty()) {
      return;
    }
    Namespace time = linux.namespace(NamespaceType.TIME);
    if (time == null || time.path() != null) {
      throw error(pointer + "/timeOffsets", "needs a new time namespace in /linux/namespaces");
    }
    for (Map.Entry<TimeOffset.Clock, TimeOffset> entry : linux.timeOffsets().entrySet()) {
      if (entry.getValue().nanosecs() >= NANOSECONDS) {
        throw error(
            pointer + "/timeOffsets/" + entry.getKey().specName() + "/nanosecs",
            "expected less than a second, found " + entry.getValue().nanosecs());
      }
    }
  }

  /**
   * Lets pass only parameters that belong to a namespace of the container; the rest are the host's.
   */
  private void sysctl(String name, List<Namespace> namespaces, String pointer) {
    String path = Sysctl.path(name);
    if (path == null) {
      throw error(pointer, "not the name of a kernel parameter: " + JsonInput.quoted(name));
    }
    NamespaceType type = Sysctl.namespaceOf(path);
    if (type == null) {
      throw error(pointer, "not a parameter of a namespace, so it would change the host");
    }
    if (!Rules.has(namespaces, type)) {
      throw error(pointer, "needs a " + type.specName() + " namespace in /linux/namespaces");
    }
  }

  /** Refuses to leave the place in the hierarchy that a caller delegates; systemd's has colons. */
  private void cgroupsPath(@Nullable String path, String pointer) {
    if (path == null) {
      return;
    }
    int start = 0;
    for (int i = 0; i <= path.length(); i++) {
      if (i == path.length() || path.charAt(i) == '/' || path.charAt(i) == ':') {
        if (i - start == 2 && path.startsWith("..", start)) {
          throw error(pointer + "/cgroupsPath", "the path contains .., " + JsonInput.quoted(path));
        }
        start = i + 1;
      }
    }
  }

  private void device(Device device, String pointer) {
    Rules.absolute(fileName, pointer, "/path", device.path());
    if (device.type() != Device.Type.FIFO) {
      Rules.deviceNumber(fileName, pointer, device.major(), device.minor());
    }
  }

  private void netDevice(String name, NetDevice device, Linux linux, String pointer) {
    if (!isInterfaceName(name)) {
      throw error(pointer, "not the name of a network device: " + JsonInput.quoted(name));
    }
    String newName = device.name();
    if (newName != null && !isInterfaceName(newName)) {
      throw error(
          pointer + Rules.pointerPart(name) + "/name",
          "not the name of a network device: " + JsonInput.quoted(newName));
    }
    if (linux.namespace(NamespaceType.NETWORK) == null) {
      throw error(pointer, "needs a network namespace in /linux/namespaces");
    }
  }

  /** As the kernel's dev_valid_name has it. */
  private static boolean isInterfaceName(String name) {
    if (name.isEmpty()
        || name.getBytes(StandardCharsets.UTF_8).length > INTERFACE_NAME_LENGTH
        || name.equals(".")
        || name.equals("..")) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '/' || c == ':' || c == ' ' || (c >= '\t' && c <= '\r')) {
        return false;
      }
    }
    return true;
  }

  private void paths(@Nullable List<String> paths, String pointer, String name) {
    if (paths != null) {
      for (int i = 0; i < paths.size(); i++) {
        if (!paths.get(i).startsWith("/")) {
          Rules.absolute(fileName, pointer, name + i, paths.get(i));
        }
      }
    }
  }

  private void intelRdt(IntelRdt rdt, String pointer) {
    String closID = rdt.closID();
    if (closID != null
        && !closID.equals("/")
        && (closID.indexOf('/') >= 0
            || closID.indexOf('\n') >= 0
            || closID.equals(".")
            || closID.equals(".."))) {
      throw error(pointer + "/closID", "not a directory's name: " + JsonInput.quoted(closID));
    }
    oneLine(rdt.l3CacheSchema(), pointer, "/l3CacheSchema");
    oneLine(rdt.memBwSchema(), pointer, "/memBwSchema");
    String memBwSchema = rdt.memBwSchema();
    if (memBwSchema != null && !memBwSchema.startsWith("MB:")) {
      throw error(
          pointer + "/memBwSchema",
          "expected it to begin with MB:, found " + JsonInput.quoted(memBwSchema));
    }
    for (int i = 0; i < rdt.schemata().size(); i++) {
      oneLine(rdt.schemata().get(i), pointer, "/schemata/" + i);
    }
  }

  private void oneLine(@Nullable String text, String pointer, String name) {
    if (text != null && text.indexOf('\n') >= 0) {
      throw error(pointer + name, "contains a line break");
    }
  }

  private void memoryPolicy(MemoryPolicy policy, String pointer) {
    Rules.numberList(fileName, pointer, "/nodes", policy.nodes());
    switch (policy.mode()) {
      case MPOL_DEFAULT, MPOL_LOCAL -> {
        if (policy.nodes() != null) {
          throw error(pointer + "/nodes", policy.mode().name() + " takes no nodes");
        }
      }
      case MPOL_BIND, MPOL_INTERLEAVE, MPOL_WEIGHTED_INTERLEAVE, MPOL_PREFERRED_MANY -> {
        if (policy.nodes() == null) {
          throw error(pointer, policy.mode().name() + " needs nodes");
        }
      }
      case MPOL_PREFERRED -> {
        // nodes are optional: none means the local one
      }
    }
    if (policy.flags().contains(MemoryPolicy.Flag.MPOL_F_STATIC_NODES)
        && policy.flags().contains(MemoryPolicy.Flag.MPOL_F_RELATIVE_NODES)) {
      throw error(
          pointer + "/flags", "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
    }
  }

  private SpecException error(String pointer, String problem) {
    return new SpecException(fileName, 0, 0, pointer, problem);
  }
}
