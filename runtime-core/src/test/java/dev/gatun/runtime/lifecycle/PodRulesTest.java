package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.sandbox.SandboxState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules for the programs that put a container into a pod: nothing is run. */
class PodRulesTest {
  private static InitCompiler.Image compile(SandboxState state) {
    Spec spec =
        SpecReader.readValid(
            LocalContainers.resource("runc-spec.json").getBytes(StandardCharsets.UTF_8),
            "config.json");
    PodSpec.Fitted fitted = PodSpec.fit(spec, new PodJoin.Pod("web", "/s/.pods/web", state, 0xf));
    return InitCompiler.compile(
        Arch.host(),
        fitted.spec(),
        new InitCompiler.Options(
            "c", "/bundle", 0, 0, false, true, true, false, null, fitted.pod()));
  }

  private static long flag(LinkedProgram image, int setns) {
    return ((Imm) image.at(setns).arg(1)).value();
  }

  private static void assertNoneIsNew(LinkedProgram image, long flags) {
    int clone = image.only("clone3", image.all(Syscall.CLONE3));
    long asked = image.field(image.at(clone).arg(0), Structs.CLONE_ARGS_FLAGS);
    assertEquals(0, asked & flags, image.line(clone));
    assertEquals(Constants.CLONE_NEWNS, asked & Constants.CLONE_NEWNS, image.line(clone));
  }

  @Test
  void theNamespacesAreJoinedThroughThePidfdBeforeInitIsCloned() {
    InitCompiler.Image compiled = compile(Sandboxes.state(77));
    Slot pod = compiled.pod();
    assertNotNull(pod);
    LinkedProgram image = new LinkedProgram("pod", compiled.program());
    int clone = image.only("clone3", image.all(Syscall.CLONE3));
    long joined = 0;
    for (int setns : image.all(Syscall.SETNS)) {
      assertEquals(pod, image.at(setns).arg(0), image.line(setns));
      assertTrue(setns < clone, image.line(setns));
      joined |= flag(image, setns);
    }
    assertEquals(Constants.CLONE_NEWNET | Constants.CLONE_NEWIPC | Constants.CLONE_NEWUTS, joined);
    assertNoneIsNew(image, joined);
    int closed =
        image.only(
            "the pidfd's close",
            image.all(i -> image.is(i, Syscall.CLOSE) && pod.equals(image.at(i).arg(0))));
    assertTrue(closed < clone, "init is not given the pause process");
  }

  @Test
  void aSharedPidNamespaceIsJoinedAndNoneIsMade() {
    LinkedProgram image = new LinkedProgram("pod", compile(Sandboxes.sharingPid(77)).program());
    long joined = 0;
    for (int setns : image.all(Syscall.SETNS)) {
      joined |= flag(image, setns);
    }
    assertEquals(Constants.CLONE_NEWPID, joined & Constants.CLONE_NEWPID);
    assertNoneIsNew(image, joined);
  }

  @Test
  void thePodsUserNamespaceIsJoinedLast() {
    LinkedProgram image =
        new LinkedProgram(
            "pod",
            compile(Sandboxes.mapped(77, List.of(new IdMapping(0, 100_000, 65_536)))).program());
    int user =
        image.only(
            "the user namespace",
            image.all(
                i -> image.is(i, Syscall.SETNS) && flag(image, i) == Constants.CLONE_NEWUSER));
    int before = 0;
    for (int setns : image.all(Syscall.SETNS)) {
      before += setns < user && flag(image, setns) != Constants.CLONE_NEWNS ? 1 : 0;
    }
    assertEquals(3, before, "with the host's privileges, what they suffice for");
    long[] clones =
        image.all(Syscall.CLONE3).stream()
            .mapToLong(i -> image.field(image.at(i).arg(0), Structs.CLONE_ARGS_FLAGS))
            .toArray();
    for (long flags : clones) {
      assertEquals(0, flags & Constants.CLONE_NEWUSER);
    }
  }

  @Test
  void nothingOfAPodIsInAContainerThatStandsAlone() {
    Spec spec =
        SpecReader.readValid(
            LocalContainers.resource("runc-spec.json").getBytes(StandardCharsets.UTF_8),
            "config.json");
    InitCompiler.Image alone =
        InitCompiler.compile(
            Arch.host(), spec, new InitCompiler.Options("c", "/b", 0, 0, false, true, true));
    assertEquals(null, alone.pod());
    LinkedProgram image = new LinkedProgram("alone", alone.program());
    assertEquals(List.of(), image.all(Syscall.SETNS));
    assertEquals(List.of(), image.all(i -> image.at(i).origin().step().contains("pod")));
  }

  // --- the runtime's side

  @TempDir Path directory;

  private LinkedProgram making() throws IOException {
    Path bundle = Files.createDirectories(directory.resolve("bundle"));
    Files.writeString(bundle.resolve("config.json"), LocalContainers.resource("runc-spec.json"));
    String root = directory.resolve("state").toString();
    Sandboxes.write(root);
    for (Explanation.Part part :
        Explanation.of(new LocalKernel(), root, bundle.toString(), "c", "web")) {
      if (part.about().startsWith("2 of 3")) {
        return new LinkedProgram(part.about(), part.program());
      }
    }
    throw new AssertionError("no second program");
  }

  private static int step(LinkedProgram program, Syscall call, String step) {
    return program.only(
        call + " of " + step,
        program.all(i -> program.is(i, call) && program.at(i).origin().step().equals(step)));
  }

  @Test
  void thePodIsHeldAndVerifiedBeforeAnythingIsMade() throws IOException {
    LinkedProgram making = making();
    String hold = "hold on to pod \"web\"";
    String enter = "enter the container among those of pod \"web\"";
    int lock = step(making, Syscall.FLOCK, hold);
    assertEquals(Constants.LOCK_SH, ((Imm) making.at(lock).arg(1)).value());
    int pidfd = step(making, Syscall.PIDFD_OPEN, "find the pause process of pod \"web\"");
    int stat = step(making, Syscall.READ, "find the pause process of pod \"web\"");
    int entries = step(making, Syscall.FLOCK, enter);
    assertEquals(Constants.LOCK_EX, ((Imm) making.at(entries).arg(1)).value());
    int entry =
        making.only(
            "the entry",
            making.all(i ->
                making.is(i, Syscall.OPENAT)
                    && making.text(making.at(i).arg(1)).equals("c")
                    && making.at(i).origin().step().equals(enter)));
    int state = step(making, Syscall.MKDIRAT, "make the state of container \"c\"");
    int executed = making.only("execveat", making.all(Syscall.EXECVEAT));
    int check = step(making, Syscall.PIDFD_SEND_SIGNAL, "pod \"web\" is stopped");
    int[] order = {lock, pidfd, stat, entries, entry, state, check, executed};
    for (int i = 1; i < order.length; i++) {
      assertTrue(
          order[i - 1] < order[i], making.line(order[i - 1]) + " / " + making.line(order[i]));
    }
    assertTrue(
        making
            .all(i ->
                making.is(i, Syscall.FLOCK)
                    && ((Imm) making.at(i).arg(1)).value() == Constants.LOCK_UN)
            .isEmpty(),
        "the pod stays locked to the end");
  }

  @Test
  void theEntryIsRemovedAfterTheContainerAndUnderItsLock() {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    new Descriptors(b);
    PodJoin.remove(b, b.fd("root", "/s"), b.fd("directory", "/s/c"), "c", "web");
    LinkedProgram program = new LinkedProgram("delete", b.build());
    int lock = program.only("the lock", program.all(Syscall.FLOCK));
    List<Integer> unlinks = program.all(Syscall.UNLINKAT);
    int entry = unlinks.getLast();
    int rmdir = unlinks.get(unlinks.size() - 2);
    assertEquals(".pods/web/containers/c", program.text(program.at(entry).arg(1)));
    assertEquals("c", program.text(program.at(rmdir).arg(1)));
    assertTrue(lock < unlinks.getFirst());
    List<Integer> closes =
        program.all(i ->
            program.is(i, Syscall.CLOSE)
                && program.at(lock).arg(0).equals(program.at(i).arg(0))
                && program.position(i) == i);
    assertFalse(closes.isEmpty());
    assertTrue(entry < closes.getFirst(), "the lock is held until then");
  }
}
