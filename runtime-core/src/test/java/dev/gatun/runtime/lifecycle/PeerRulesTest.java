package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.init.InitCompiler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules for records that speak to other processes, and for what they bring: nothing is run. */
class PeerRulesTest {
  @TempDir Path directory;

  private static String config() {
    return LocalContainers.resource("runc-spec.json")
        .replaceFirst("\"process\": \\{", "\"process\": {\"apparmorProfile\": \"p\",")
        .replaceFirst(
            "\"linux\": \\{",
            "\"linux\": {\"netDevices\": {\"eth9\": {\"name\": \"eth%d\"}, \"eth8\": {}},");
  }

  private static LinkedProgram image(Arch arch) {
    Spec spec = SpecReader.readValid(config().getBytes(StandardCharsets.UTF_8), "config.json");
    return new LinkedProgram(
        "network devices",
        InitCompiler.compile(
                arch, spec, new InitCompiler.Options("rules", "/bundle", 0, 0, false, true, true))
            .program());
  }

  private static int first(LinkedProgram program, String step) {
    return program.all(i -> program.at(i).origin().step().startsWith(step)).getFirst();
  }

  /** Rule 9: while there are all privileges, and before init says that it is ready. */
  @ParameterizedTest
  @EnumSource
  void devicesAreConfiguredBeforePrivilegesGo(Arch arch) {
    LinkedProgram image = image(arch);
    int configured = first(image, "configure the network devices");
    int pivot = image.all(Syscall.PIVOT_ROOT).getFirst();
    int bounding = first(image, "session keyring");
    assertTrue(first(image, "wait for the network devices") < configured);
    assertTrue(configured < pivot && pivot < bounding);
  }

  /** A label goes through the private procfs, which is open, and never by a path of its own. */
  @ParameterizedTest
  @EnumSource
  void aLabelIsWrittenThroughThePrivateProcfs(Arch arch) {
    LinkedProgram image = image(arch);
    List<Integer> opens =
        image.all(i ->
            image.is(i, Syscall.OPENAT2)
                && image.at(i).origin().step().startsWith("AppArmor profile"));
    assertFalse(opens.isEmpty());
    for (int open : opens) {
      Instruction record = image.at(open);
      assertTrue(record.arg(0).toString().equals("procfs"), image.line(open));
      long resolve = image.field(record.arg(2), dev.gatun.linux.Structs.OPEN_HOW_RESOLVE);
      long wanted =
          Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_XDEV | Constants.RESOLVE_NO_MAGICLINKS;
      assertEquals(wanted, resolve & wanted, image.line(open));
    }
  }

  /** A peer that is gone is EPIPE, with a sentence, and never SIGPIPE. */
  @Test
  void noProgramIsEndedByAPeerThatIsGone() throws IOException {
    Path bundle = Files.createDirectories(directory.resolve("bundle"));
    Files.writeString(bundle.resolve("config.json"), config());
    String root = directory.resolve("state").toString();
    List<String> silent = new ArrayList<>();
    int sends = 0;
    for (Explanation.Part part :
        Explanation.of(
            new dev.gatun.linux.local.LocalKernel(), root, bundle.toString(), "rules", null)) {
      LinkedProgram program = new LinkedProgram(part.about(), part.program());
      for (int i = 0; i < program.size(); i++) {
        Instruction record = program.at(i);
        boolean sendto = program.is(i, Syscall.SENDTO);
        if (!sendto && !program.is(i, Syscall.SENDMSG)) {
          continue;
        }
        sends++;
        boolean kernel = record.arg(0).toString().equals("rtnetlink");
        long flags = record.arg(sendto ? 3 : 2) instanceof Imm imm ? imm.value() : 0;
        if (!kernel && (flags & Constants.MSG_NOSIGNAL) == 0) {
          silent.add(program.line(i));
        }
      }
    }
    assertTrue(sends > 3, sends + " sends");
    assertEquals(List.of(), silent);
  }
}
