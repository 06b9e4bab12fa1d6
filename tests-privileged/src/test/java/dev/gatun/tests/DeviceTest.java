package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Devices: those that the spec demands and those of the config. */
class DeviceTest {
  @OnEveryRuntime
  void theDefaultDevicesAreThere(Box box) {
    String expected =
        """
        null 1:3 666 0:0
        zero 1:5 666 0:0
        full 1:7 666 0:0
        random 1:8 666 0:0
        urandom 1:9 666 0:0
        tty 5:0 666 0:0\
        """;
    assertEquals(
        expected,
        box.output(
            box.bundle(),
            "cd /dev; for d in null zero full random urandom tty;"
                + " do stat -c '%n %t:%T %a %u:%g' $d; done"));
  }

  @OnEveryRuntime
  void theDefaultLinksAreThere(Box box) {
    assertEquals(
        "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx",
        box.output(
            box.bundle(), "cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done"));
  }

  @OnEveryRuntime
  void devicesWork(Box box) {
    assertEquals(
        "8 0 full",
        box.output(
            box.bundle(),
            "echo x > /dev/null; echo -n \"$(head -c 8 /dev/urandom | wc -c) \";"
                + " echo -n \"$(head -c 8 /dev/zero | tr -d '\\000' | wc -c) \";"
                + " (echo x > /dev/full) 2>/dev/null || echo full"));
  }

  @OnEveryRuntime
  void theTerminalsAreTheContainersOwn(Box box) {
    assertEquals("ptmx", box.output(box.bundle(), "ls /dev/pts"));
  }

  @OnEveryRuntime
  void devicesOfTheConfigAreMade(Box box) {
    Bundle bundle =
        box.bundle()
            .set(
                "/linux/devices",
                "[{'path': '/dev/mynull', 'type': 'c', 'major': 1, 'minor': 3, 'fileMode': 416,"
                    + " 'uid': 5, 'gid': 6},"
                    + " {'path': '/dev/deep/down/zero', 'type': 'c', 'major': 1, 'minor': 5,"
                    + " 'fileMode': 438},"
                    + " {'path': '/dev/myblock', 'type': 'b', 'major': 7, 'minor': 300,"
                    + " 'fileMode': 384},"
                    + " {'path': '/dev/myfifo', 'type': 'p', 'fileMode': 511}]");
    assertEquals(
        """
        character special file 1:3 640 5:6
        character special file 1:5 666 0:0
        block special file 7:12c 600 0:0
        fifo 0:0 777 0:0\
        """,
        box.output(
            bundle, "cd /dev; stat -c '%F %t:%T %a %u:%g' mynull deep/down/zero myblock myfifo"));
  }

  @OnEveryRuntime
  void standardOutputIsGivenToTheUserButNeverASharedDevice(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/process/user", "{'uid': 1000, 'gid': 1000}")
            // Standard output is a file here, and to open it anew is to begin at its beginning.
            .script("stat -c %u:%g /dev/null; echo x >> /dev/stdout; echo y > /proc/self/fd/2");
    Command run = box.run(bundle).expectSuccess();
    assertEquals("0:0\nx", run.out());
    assertEquals("y", run.err());
    assertEquals("0:0", Host.run("stat", "-c", "%u:%g", "/dev/null"));
  }
}
