package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;

/** Namespaces, new, shared with the host and joined. */
class NamespaceTest {
  /** The name in the config and that in {@code /proc/PID/ns}. */
  private static final Map<String, String> KINDS =
      Map.of("pid", "pid", "network", "net", "ipc", "ipc", "uts", "uts", "mount", "mnt");

  private static String host(String name) {
    return ProcFs.link(ProcessHandle.current().pid(), "ns/" + name);
  }

  @OnEveryRuntime
  void theNamespacesOfTheConfigAreNew(Box box) {
    String id = box.create(box.bundle().args("/bin/sleep", "1000"));
    long pid = box.pid(id);
    KINDS.forEach(
        (kind, name) -> assertNotEquals(host(name), ProcFs.link(pid, "ns/" + name), kind));
    assertEquals(host("user"), ProcFs.link(pid, "ns/user"));
  }

  @OnEveryRuntime
  void namespacesThatTheConfigDoesNotNameAreTheHosts(Box box) {
    Bundle bundle = box.bundle().remove("/hostname").args("/bin/sleep", "1000");
    for (String kind : List.of("pid", "network", "ipc", "uts")) {
      bundle.removeNamespace(kind);
    }
    // sysfs and mqueue of another owner's namespace are not the point here.
    long pid = box.pid(box.create(bundle));
    for (String name : List.of("pid", "net", "ipc", "uts")) {
      assertEquals(host(name), ProcFs.link(pid, "ns/" + name), name);
    }
    assertNotEquals(host("mnt"), ProcFs.link(pid, "ns/mnt"));
  }

  @OnEveryRuntime
  void theProcessIsPidOne(Box box) {
    assertEquals("1", box.output(box.bundle(), "echo $$"));
  }

  @OnEveryRuntime
  void theLoopbackInterfaceIsUpAndAlone(Box box) {
    assertEquals(
        "lo\n0x9", // IFF_UP | IFF_LOOPBACK
        box.output(box.bundle(), "ls /sys/class/net; cat /sys/class/net/lo/flags"));
  }

  @OnEveryRuntime
  void namespacesOfAnotherProcessAreJoined(Box box) {
    String holder = box.start(box.bundle().args("/bin/sleep", "1000"));
    long pid = box.pid(holder);
    Bundle guest = box.bundle().remove("/hostname").args("/bin/sleep", "1000");
    for (String kind : List.of("network", "ipc", "uts", "pid")) {
      guest.join(kind, "/proc/" + pid + "/ns/" + KINDS.get(kind));
    }
    long guestPid = box.pid(box.start(guest));
    for (String name : List.of("net", "ipc", "uts", "pid")) {
      assertEquals(ProcFs.link(pid, "ns/" + name), ProcFs.link(guestPid, "ns/" + name), name);
    }
    assertNotEquals(ProcFs.link(pid, "ns/mnt"), ProcFs.link(guestPid, "ns/mnt"));
  }

  @OnEveryRuntime
  void aJoinedPidNamespaceShowsItsProcesses(Box box) {
    String holder = box.start(box.bundle().args("/bin/sleep", "1234"));
    long pid = box.pid(holder);
    // runc's start does not wait until the program is executed.
    Wait.until("the program", () -> ProcFs.read(pid, "cmdline").startsWith("/bin/sleep"));
    Bundle guest = box.bundle().join("pid", "/proc/" + pid + "/ns/pid");
    String out = box.output(guest, "tr '\\000' ' ' < /proc/1/cmdline; echo; echo $$");
    assertTrue(out.startsWith("/bin/sleep 1234"), out);
    assertNotEquals("1", out.substring(out.lastIndexOf('\n') + 1));
    assertEquals("running", box.status(holder), "the holder outlives its guest");
  }

  @OnEveryRuntime
  void aJoinedNamespaceThatIsNoneIsRefused(Box box) {
    for (String path : List.of("/proc/self/ns/uts", "/nonexistent/net", "/etc/passwd")) {
      Bundle bundle = box.bundle().join("network", path);
      Command run = box.run(bundle).expectFailure();
      if (!box.isRunc()) {
        int index = bundle.namespaces().size() - 1;
        run.expectFailure(path, "[config.json /linux/namespaces/" + index);
      }
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aTimeNamespaceHasItsOffsets(Box box) {
    Bundle bundle =
        box.bundle()
            .set(
                "/linux/timeOffsets",
                "{'boottime': {'secs': 864000, 'nanosecs': 5},"
                    + " 'monotonic': {'secs': 86400, 'nanosecs': 0}}");
    bundle.namespaces().addObject().put("type", "time");
    String[] out =
        box.output(bundle, "readlink /proc/self/ns/time; cut -d. -f1 /proc/uptime").split("\n", -1);
    assertNotEquals(host("time"), out[0]);
    double uptime =
        Double.parseDouble(
            ProcFs.read(ProcessHandle.current().pid(), "../uptime").split(" ", -1)[0]);
    double offset = Double.parseDouble(out[1]) - uptime;
    assertTrue(Math.abs(offset - 864000) < 60, () -> "offset " + offset);
  }

  @OnGatun
  void aTimeNamespaceIsJoined(Box box) {
    Bundle first = box.bundle().args("/bin/sleep", "1000");
    first.set("/linux/timeOffsets", "{'boottime': {'secs': 864000}}");
    first.namespaces().addObject().put("type", "time");
    long pid = box.pid(box.start(first));
    Bundle second = box.bundle().join("time", "/proc/" + pid + "/ns/time");
    assertEquals(ProcFs.link(pid, "ns/time"), box.output(second, "readlink /proc/self/ns/time"));
  }
}
