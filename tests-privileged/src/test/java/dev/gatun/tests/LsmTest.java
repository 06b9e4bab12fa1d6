package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Labels of security modules: what is asked for and cannot be had fails the container. */
class LsmTest {
  private static final String LABEL = "system_u:system_r:container_t:s0:c1,c2";

  private static boolean hasAppArmor() {
    try {
      Path enabled = Path.of("/sys/module/apparmor/parameters/enabled");
      return Files.exists(enabled) && Files.readString(enabled).startsWith("Y");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean hasSelinux() {
    return Files.exists(Path.of("/sys/fs/selinux/enforce"));
  }

  @OnEveryRuntime
  void aProfileThatCannotBeHadFailsCreate(Box box) {
    Bundle bundle = box.bundle().set("/process/apparmorProfile", "'gatun-no-such-profile'");
    Command create = box.call("create", "-b", bundle.write(), box.newId());
    create.expectExit(1);
    if (!box.isRunc()) {
      create.expectFailure(
          "AppArmor profile \"gatun-no-such-profile\"",
          hasAppArmor() ? "no such file or directory" : "AppArmor",
          "[config.json /process/apparmorProfile]");
      assertEquals(1, create.err().lines().count(), create::toString);
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aLabelThatCannotBeHadFailsCreate(Box box) {
    Host.require(!hasSelinux(), "the host has SELinux, whose policy may know the label");
    Bundle bundle = box.bundle().set("/process/selinuxLabel", "'" + LABEL + "'");
    Command create = box.call("create", "-b", bundle.write(), box.newId());
    create.expectExit(1);
    if (!box.isRunc()) {
      create.expectFailure(
          LABEL, "SELinux is not enabled on this host", "[config.json /process/selinuxLabel]");
    }
    // The same without a keyring that is labelled first.
    box.call("create", "--no-new-keyring", "-b", bundle.write(), box.newId()).expectExit(1);
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aMountLabelThatCannotBeHadFailsCreate(Box box) {
    Host.require(!hasSelinux(), "the host has SELinux, whose policy may know the label");
    Bundle bundle = box.bundle().set("/linux/mountLabel", "'" + LABEL + "'");
    Command create = box.call("create", "-b", bundle.write(), box.newId());
    create.expectExit(1);
    assertTrue(create.err().contains(LABEL), create::toString);
    if (!box.isRunc()) {
      create.expectFailure("SELinux", "EINVAL", "[config.json /linux/mountLabel]");
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void anEmptyLabelIsNone(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/process/apparmorProfile", "''")
            .set("/process/selinuxLabel", "''")
            .set("/linux/mountLabel", "''");
    assertEquals("ran", box.output(bundle, "echo ran"));
  }
}
