package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The machine for people: Vagrant understands the Vagrantfile. Whether the machine comes up is the
 * matter of {@code tests-privileged/vagrant/check}.
 */
class VagrantTest {
  private static final Path ROOT = Path.of(System.getProperty("gatun.root", ".."));

  @TempDir Path temporary = Path.of("");

  @BeforeAll
  static void vagrantIsThere() {
    Host.require(
        Files.isExecutable(Path.of("/usr/bin/vagrant")), "no vagrant: install the package vagrant");
  }

  /** What vagrant says of a Vagrantfile, after its exit status. */
  private String validate(String vagrantfile) throws IOException, InterruptedException {
    Path directory = Files.createDirectory(temporary.resolve("project"));
    Files.writeString(directory.resolve("Vagrantfile"), vagrantfile);
    Path output = temporary.resolve("output");
    // No provider is installed; what it is told is checked by bringing the machine up.
    ProcessBuilder vagrant =
        new ProcessBuilder("/usr/bin/vagrant", "validate", "--ignore-provider", "--no-color")
            .directory(directory.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    vagrant.environment().put("VAGRANT_HOME", temporary.resolve("home").toString());
    vagrant.environment().put("VAGRANT_CHECKPOINT_DISABLE", "1");
    Process process = vagrant.start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), "vagrant validate does not end");
    return process.exitValue() + " " + Files.readString(output);
  }

  @Test
  void theVagrantfileIsValid() throws Exception {
    String said = validate(Files.readString(ROOT.resolve("Vagrantfile")));
    assertTrue(said.startsWith("0 "), said);
    assertTrue(said.contains("Vagrantfile validated successfully"), said);
  }

  @Test
  void aWrongNameInItIsRefused() throws Exception {
    String vagrantfile = Files.readString(ROOT.resolve("Vagrantfile"));
    String wrong = vagrantfile.replace("config.vm.box =", "config.vm.bax =");
    assertTrue(!wrong.equals(vagrantfile), "the Vagrantfile names no box");
    String said = validate(wrong);
    assertTrue(said.startsWith("1 ") && said.contains("bax"), said);
  }

  /** What needs a mirror or a boot is in the script that the machine of vm/boot runs too. */
  @Test
  void bothMachinesAreProvisionedByOneScript() throws IOException {
    String vagrantfile = Files.readString(ROOT.resolve("Vagrantfile"));
    assertEquals(
        2,
        vagrantfile.lines().filter(line -> line.contains("config.vm.provision")).count(),
        vagrantfile);
    for (String part : new String[] {"packages", "machine"}) {
      assertTrue(
          vagrantfile.contains("inline: \"/gatun/tests-privileged/vm/provision " + part + "\""),
          part);
    }
    String guest = Files.readString(ROOT.resolve("tests-privileged/vm/guest"));
    assertTrue(guest.contains("provision\" machine"), guest);
  }
}
