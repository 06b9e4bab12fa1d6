package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.linux.Constants;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Mount;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pod makes of a configuration. */
class PodSpecTest {
  private static final long ALL = 0xf;
  private static final int OF_POD =
      Constants.CLONE_NEWNET | Constants.CLONE_NEWIPC | Constants.CLONE_NEWUTS;

  private static Spec spec(String text) {
    return SpecReader.readValid(text.getBytes(StandardCharsets.UTF_8), "config.json");
  }

  /** The configuration that {@code runc spec} writes, with something added to its Linux section. */
  private static String linux(String members) {
    return LocalContainers.resource("runc-spec.json")
        .replaceFirst("\"linux\": \\{", "\"linux\": {" + members);
  }

  private static PodJoin.Pod pod(long files) {
    return new PodJoin.Pod("web", "/s/.pods/web", Sandboxes.state(77), files);
  }

  private static PodSpec.Fitted fit(String config) {
    return PodSpec.fit(spec(config), pod(ALL));
  }

  private static Linux linux(PodSpec.Fitted fitted) {
    Linux linux = fitted.spec().linux();
    assertNotNull(linux);
    return linux;
  }

  private static String path(PodSpec.Fitted fitted, NamespaceType type) {
    Namespace namespace = linux(fitted).namespace(type);
    return namespace == null ? "none" : String.valueOf(namespace.path());
  }

  private static ConfigException refused(String config) {
    return assertThrows(ConfigException.class, () -> fit(config));
  }

  // --- namespaces

  @Test
  void networkIpcAndUtsAreThePods() {
    PodSpec.Fitted fitted = fit(LocalContainers.resource("runc-spec.json"));
    assertEquals("/proc/77/ns/net", path(fitted, NamespaceType.NETWORK));
    assertEquals("/proc/77/ns/ipc", path(fitted, NamespaceType.IPC));
    assertEquals("/proc/77/ns/uts", path(fitted, NamespaceType.UTS));
    assertEquals("null", path(fitted, NamespaceType.PID), "a new one, as the configuration says");
    assertEquals("null", path(fitted, NamespaceType.MOUNT));
    assertEquals("none", path(fitted, NamespaceType.USER));
    assertEquals(OF_POD, fitted.pod().namespaces());
    assertEquals(
        linux(fitted).namespaces().size(),
        fitted.pod().ownNamespaces(),
        "none was added to those that the configuration names");
  }

  @Test
  void whatTheConfigurationDoesNotNameIsThePodsToo() {
    PodSpec.Fitted fitted =
        fit(
            LocalContainers.resource("runc-spec.json")
                .replaceFirst("\"hostname\": \"runc\",", "")
                .replaceFirst(
                    "\"namespaces\": \\[[^]]*]", "\"namespaces\": [{\"type\": \"mount\"}]"));
    assertEquals("/proc/77/ns/net", path(fitted, NamespaceType.NETWORK));
    assertEquals("/proc/77/ns/ipc", path(fitted, NamespaceType.IPC));
    assertEquals("/proc/77/ns/uts", path(fitted, NamespaceType.UTS));
    assertEquals("none", path(fitted, NamespaceType.PID));
    assertEquals(1, fitted.pod().ownNamespaces());
  }

  @Test
  void thePidNamespaceIsThePodsWhenItIsShared() {
    PodSpec.Fitted fitted =
        PodSpec.fit(
            spec(LocalContainers.resource("runc-spec.json")),
            new PodJoin.Pod("web", "/s/.pods/web", Sandboxes.sharingPid(77), ALL));
    assertEquals("/proc/77/ns/pid", path(fitted, NamespaceType.PID));
    assertEquals(OF_POD | Constants.CLONE_NEWPID, fitted.pod().namespaces());
  }

  @Test
  void theUserNamespaceAndItsMapsAreThePods() {
    List<IdMapping> maps = List.of(new IdMapping(0, 100_000, 65_536));
    PodSpec.Fitted fitted =
        PodSpec.fit(
            spec(LocalContainers.resource("runc-spec.json")),
            new PodJoin.Pod("web", "/s/.pods/web", Sandboxes.mapped(77, maps), ALL));
    assertEquals("/proc/77/ns/user", path(fitted, NamespaceType.USER));
    assertEquals(maps, linux(fitted).uidMappings());
    assertEquals(maps, linux(fitted).gidMappings());
    assertEquals(OF_POD, fitted.pod().namespaces(), "the user namespace is joined by descriptor");
    assertTrue(fitted.hasUserNamespace());
  }

  @Test
  void aUserNamespaceBesideThePodsIsRefused() {
    List<IdMapping> maps = List.of(new IdMapping(0, 100_000, 65_536));
    Spec own =
        spec(
            linux(
                    "\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1, \"size\": 9}],"
                        + "\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1, \"size\": 9}],")
                .replaceFirst("\"namespaces\": \\[", "\"namespaces\": [{\"type\": \"user\"},"));
    PodJoin.Pod with = new PodJoin.Pod("web", "/s", Sandboxes.mapped(77, maps), ALL);
    assertEquals(
        "a user namespace of its own cannot be had in pod \"web\", which has one"
            + " [config.json /linux/namespaces/0]",
        assertThrows(ConfigException.class, () -> PodSpec.fit(own, with)).getMessage());
    PodSpec.Fitted without = PodSpec.fit(own, pod(ALL));
    assertEquals("null", path(without, NamespaceType.USER), "a pod without one leaves it");
    assertEquals(1, linux(without).uidMappings().getFirst().hostID());
    assertFalse(without.hasUserNamespace());
  }

  @ParameterizedTest
  @CsvSource({"network,net", "ipc,ipc", "uts,uts"})
  void thePodsOwnPathMayBeNamedAndNoOther(String type, String name) {
    String joining =
        LocalContainers.resource("runc-spec.json")
            .replaceFirst(
                "\"type\": \"" + type + "\"", "\"type\": \"" + type + "\", \"path\": \"PATH\"");
    PodSpec.Fitted fitted = fit(joining.replace("PATH", "/proc/77/ns/" + name));
    assertEquals(OF_POD, fitted.pod().namespaces());
    ConfigException refused = refused(joining.replace("PATH", "/run/netns/x"));
    assertEquals(
        "the "
            + type
            + " namespace of pod \"web\" is \"/proc/77/ns/"
            + name
            + "\", and a container in it cannot join \"/run/netns/x\"",
        refused.problem());
    assertTrue(refused.place().matches("/linux/namespaces/[0-9]/path"), refused.place());
  }

  // --- names and parameters

  @Test
  void theHostNameOfTheConfigurationIsIgnoredAloud() {
    PodSpec.Fitted fitted = fit(LocalContainers.resource("runc-spec.json"));
    assertNull(fitted.spec().hostname());
    assertEquals(
        List.of(
            "hostname \"runc\" is ignored: the container has that of pod \"web\""
                + " [config.json /hostname]"),
        fitted.warnings());
    assertEquals(
        List.of(),
        fit(LocalContainers.resource("runc-spec.json")
                .replace("\"runc\"", "\"" + Sandboxes.HOSTNAME + "\""))
            .warnings());
  }

  @ParameterizedTest
  @ValueSource(strings = {"net.ipv4.ip_forward", "kernel.shmmax", "kernel.hostname"})
  void parametersOfThePodsNamespacesAreRefused(String name) {
    ConfigException refused = refused(linux("\"sysctl\": {\"" + name + "\": \"1\"},"));
    assertEquals("/linux/sysctl/" + name, refused.place());
    assertEquals(
        "sysctl \""
            + name
            + "\" is not allowed in a container of pod \"web\": its namespace is the pod's, see"
            + " gatun pod create --sysctl",
        refused.problem());
  }

  @Test
  void aParameterThatThePodHasSetAlikeIsFine() {
    String value = linux("\"sysctl\": {\"" + Sandboxes.SYSCTL + "\": \"VALUE\"},");
    PodSpec.Fitted fitted = fit(value.replace("VALUE", Sandboxes.SYSCTL_VALUE));
    assertTrue(linux(fitted).sysctl().isEmpty(), "it is not set again");
    refused(value.replace("VALUE", "other"));
  }

  // --- mounts

  private static List<String> destinations(PodSpec.Fitted fitted) {
    List<String> found = new ArrayList<>();
    for (Mount mount : fitted.spec().mounts()) {
      found.add(mount.destination());
    }
    return found;
  }

  private static Mount mount(PodSpec.Fitted fitted, String destination) {
    for (Mount mount : fitted.spec().mounts()) {
      if (mount.destination().equals(destination)) {
        return mount;
      }
    }
    throw new AssertionError("nothing on " + destination);
  }

  @Test
  void thePodsFilesAreMountedLastAndItsMemoryWhereTheConfigurationHasSome() {
    Spec before = spec(LocalContainers.resource("runc-spec.json"));
    PodSpec.Fitted fitted = fit(LocalContainers.resource("runc-spec.json"));
    int own = before.mounts().size();
    assertEquals(own, fitted.pod().ownMounts());
    assertEquals(
        List.of("/etc/hosts", "/etc/resolv.conf", "/etc/hostname"),
        destinations(fitted).subList(own, own + 3));
    assertEquals(List.of("/etc/hosts", "/etc/resolv.conf", "/etc/hostname"), fitted.mounted());
    for (int i = 0; i < own; i++) {
      Mount mount = fitted.spec().mounts().get(i);
      if (mount.destination().equals("/dev/shm")) {
        assertEquals("bind", mount.type());
        assertEquals("/s/.pods/web/shm", mount.source());
      } else {
        assertEquals(before.mounts().get(i), mount);
      }
    }
    Mount hosts = mount(fitted, "/etc/hosts");
    assertEquals("/s/.pods/web/hosts", hosts.source());
    assertEquals(
        List.of("bind", "rprivate", "nosuid", "nodev", "noexec", "ro"),
        hosts.options(),
        "read-only like the root file system");
    assertFalse(mount(fitted, "/dev/shm").options().contains("ro"));
  }

  @Test
  void onlyFilesThatThePodHasAreMounted() {
    PodSpec.Fitted fitted =
        PodSpec.fit(spec(LocalContainers.resource("runc-spec.json")), pod(0b0100));
    assertEquals(List.of("/etc/hostname"), fitted.mounted());
    assertEquals("tmpfs", mount(fitted, "/dev/shm").type(), "the configuration's own");
  }

  @Test
  void withoutMemoryInTheConfigurationThePodsComesLast() {
    PodSpec.Fitted fitted =
        fit(
            LocalContainers.resource("runc-spec.json")
                .replaceFirst("\"destination\": \"/dev/shm\"", "\"destination\": \"/dev/other\""));
    assertEquals("/dev/shm", fitted.mounted().getLast());
    assertEquals("/dev/shm", destinations(fitted).getLast());
  }

  @ParameterizedTest
  @CsvSource({
    "/etc/hosts, /etc/hosts",
    "/etc/../etc//resolv.conf/, /etc/resolv.conf",
    "etc/hostname, /etc/hostname",
    "/dev/shm, /dev/shm"
  })
  void whatTheConfigurationMountsItselfStays(String destination, String kept) {
    PodSpec.Fitted fitted =
        fit(
            LocalContainers.resource("runc-spec.json")
                .replaceFirst("\"destination\": \"/dev/shm\"", "\"destination\": \"/dev/other\"")
                .replaceFirst(
                    "\"mounts\": \\[",
                    "\"mounts\": [{\"destination\": \""
                        + destination
                        + "\", \"type\": \"bind\", \"source\": \"/mine\", \"options\": [\"rbind\"]},"));
    assertFalse(fitted.mounted().contains(kept), fitted.mounted().toString());
    assertEquals(3, fitted.mounted().size());
    assertEquals("/mine", mount(fitted, destination).source());
  }

  @Test
  void aMountOnEtcKeepsThePodsFilesOut() {
    PodSpec.Fitted fitted =
        fit(
            LocalContainers.resource("runc-spec.json")
                .replaceFirst(
                    "\"mounts\": \\[",
                    "\"mounts\": [{\"destination\": \"/etc\", \"type\": \"bind\", \"source\": \"/e\","
                        + " \"options\": [\"rbind\"]},"));
    assertEquals(List.of(), fitted.mounted());
    assertEquals("bind", mount(fitted, "/dev/shm").type());
  }

  @Test
  void whatIsLeftOutIsSaid() {
    PodSpec.Fitted fitted = fit(LocalContainers.resource("runc-spec.json"));
    List<String> said = new ArrayList<>();
    fitted.leftOut(0b010, said);
    assertEquals(
        List.of(
            "the pod's /etc/resolv.conf is left out: the root file system does not have it and"
                + " cannot be written"),
        said);
  }

  // --- cgroup

  private static final CgroupRoot HOST =
      CgroupRoot.parse(
          "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
              .getBytes(StandardCharsets.US_ASCII),
          "0::/user/me\n".getBytes(StandardCharsets.US_ASCII));

  private static String cgroup(String config, String id) {
    Linux linux = spec(config).linux();
    assertNotNull(linux);
    CgroupPath path = PodSpec.cgroup(linux, pod(ALL), HOST, id);
    return path == null ? "own" : path.path();
  }

  @Test
  void theCgroupIsBelowThePods() {
    String above = Sandboxes.CGROUP;
    assertEquals(above + "/c1", cgroup(linux(""), "c1"));
    assertEquals(above + "/a/b", cgroup(linux("\"cgroupsPath\": \"a/b\","), "c1"));
    assertEquals("own", cgroup(linux("\"cgroupsPath\": \"/a/b\","), "c1"));
    assertEquals("own", cgroup(linux("\"cgroupsPath\": \"my.slice:gatun:c1\","), "c1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"pause", "pause/below"})
  void theCgroupOfThePauseProcessIsNotGivenAway(String path) {
    assertThrows(
        ConfigException.class, () -> cgroup(linux("\"cgroupsPath\": \"" + path + "\","), "c1"));
    assertThrows(ConfigException.class, () -> cgroup(linux(""), "pause"));
  }
}
