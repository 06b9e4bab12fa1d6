package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written where, in a directory that looks like a procfs. */
class SecurityLabelsTest {
  @TempDir private Path procfs;
  private Path attributes;

  @BeforeEach
  void makeAttributes() throws IOException {
    Files.createSymbolicLink(procfs.resolve("self"), Path.of("42"));
    attributes = procfs.resolve("42/attr");
    Files.createDirectories(attributes.resolve("apparmor"));
    for (String name : new String[] {"exec", "keycreate", "current", "apparmor/exec"}) {
      Files.createFile(attributes.resolve(name));
    }
  }

  private Kernel.Result run(Consumer<SecurityLabels> labels) {
    LocalKernel kernel = new LocalKernel();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot directory = b.fd("procfs", "/proc");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(procfs.toString()),
            imm(Constants.O_PATH | Constants.O_CLOEXEC))
        .into(directory);
    labels.accept(new SecurityLabels(b, directory));
    b.sys(Syscall.CLOSE, directory);
    return kernel.run(b.build());
  }

  @Test
  void aProfileIsForTheNextExecve() throws IOException {
    run(labels -> labels.apparmor("docker-default", "/p")).orThrow();
    assertEquals("exec docker-default", Files.readString(attributes.resolve("apparmor/exec")));
    assertEquals("", Files.readString(attributes.resolve("exec")), "that one may be SELinux's");
  }

  @Test
  void aLabelIsForTheNextExecve() throws IOException {
    run(labels -> labels.selinux("a:b:c:s0:c1,c2", "/p")).orThrow();
    assertEquals("a:b:c:s0:c1,c2", Files.readString(attributes.resolve("exec")));
    assertEquals("", Files.readString(attributes.resolve("apparmor/exec")));
  }

  @Test
  void aKeyringsLabelIsTakenBack() throws IOException {
    run(labels -> labels.keys("a:b:c:s0", "/p")).orThrow();
    assertEquals("a:b:c:s0", Files.readString(attributes.resolve("keycreate")));
    Files.writeString(attributes.resolve("keycreate"), "");
    run(SecurityLabels::noKeys).orThrow();
    assertEquals("\n", Files.readString(attributes.resolve("keycreate")));
  }

  @Test
  void aMissingModuleIsSaidToBeMissing() throws IOException {
    Files.delete(attributes.resolve("apparmor/exec"));
    String message =
        Objects.requireNonNull(run(labels -> labels.apparmor("x", "/p")).failure()).getMessage();
    assertEquals(
        "AppArmor profile \"x\": the host's kernel has no AppArmor:"
            + " ENOENT (no such file or directory) [config.json /p]",
        message);
  }

  /** A link in its place would lead to another file: nothing is written there. */
  @Test
  void nothingLeadsOutOfTheProcfs() throws IOException {
    Path elsewhere = Files.createFile(procfs.resolveSibling(procfs.getFileName() + "-elsewhere"));
    try {
      Files.delete(attributes.resolve("exec"));
      Files.createSymbolicLink(attributes.resolve("exec"), elsewhere);
      assertTrue(run(labels -> labels.selinux("a:b:c:s0", "/p")).failed());
      assertEquals("", Files.readString(elsewhere));
    } finally {
      Files.delete(elsewhere);
    }
  }
}
