package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.init.ExecCompiler;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code explain}: what {@code create} and {@code start} would run for a bundle, process by
 * process. They are the very programs, built and not run: only the one that reads the bundle is.
 */
public final class Explanation {
  private Explanation() {}

  /**
   * What one process does in one go.
   *
   * @param process who: a command, or a process of the container
   * @param about what it does, in a few words
   * @param program the program that it runs, or a part of
   * @param records the numbers of its records; those that are out of line follow the step that they
   *     were put from
   */
  public record Part(String process, String about, Program program, List<Integer> records) {
    /** Copies the numbers. */
    public Part {
      records = List.copyOf(records);
    }
  }

  /**
   * Explains a bundle. It is read by the kernel's process; nothing is made and root is not needed.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param bundle the bundle's directory
   * @param id the id that the container would have
   * @param pod the id of the pod that it would be in, or null
   * @return the parts, in the order in which they run
   * @throws RuntimeException with one sentence as its message
   */
  public static List<Part> of(
      Kernel kernel, String root, String bundle, String id, @Nullable String pod) {
    ContainerId.check(id);
    return Create.explain(kernel, root, request(id, bundle, pod));
  }

  /**
   * Explains an exec in a container of a bundle: of the process that the bundle names, with 1 for
   * the pid of the container's own.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param bundle the bundle's directory
   * @param id the id that the container would have
   * @param pod the id of the pod that it would be in, or null
   * @return the parts, in the order in which they run
   * @throws RuntimeException with one sentence as its message
   */
  public static List<Part> ofExec(
      Kernel kernel, String root, String bundle, String id, @Nullable String pod) {
    ContainerId.check(id);
    return Create.explainExec(kernel, root, request(id, bundle, pod));
  }

  private static Create.Request request(String id, String bundle, @Nullable String pod) {
    if (pod != null) {
      PodJoin.checkId(pod);
    }
    return new Create.Request(
        id,
        bundle,
        null,
        null,
        0,
        0,
        false,
        false,
        false,
        null,
        false,
        Create.Rootless.AUTO,
        null,
        CgroupDriver.CGROUPFS,
        pod);
  }

  /** The three processes of an exec. */
  static void exec(List<Part> parts, ExecCompiler.Image image) {
    Program program = image.program();
    parts.add(
        new Part(
            "intermediate",
            "clones the middle process into the container's cgroup",
            program,
            records(program, 0, image.middle())));
    parts.add(
        new Part(
            "middle process",
            "joins the container's namespaces and clones the process",
            program,
            records(program, image.middle(), image.process())));
    parts.add(
        new Part(
            "process",
            "becomes what is executed",
            program,
            records(program, image.process(), image.failed())));
    parts.add(
        new Part(
            "each of the three",
            "when a call fails: reports it and ends",
            program,
            records(program, image.failed(), end(program))));
  }

  /**
   * A program that one process runs from its beginning to its end.
   *
   * @param process who
   * @param about what it does
   * @param program the program
   * @return the part
   */
  public static Part whole(String process, String about, Program program) {
    return new Part(process, about, program, records(program, 0, program.size()));
  }

  /**
   * What one process runs of a program.
   *
   * @param process who
   * @param about what it does
   * @param program the program
   * @param from the number of its first record
   * @param to the number of the record behind its last one, or more than there are
   * @return the part, with what is out of line
   */
  public static Part some(String process, String about, Program program, int from, int to) {
    return new Part(process, about, program, records(program, from, to));
  }

  /** The intermediate, and init until it waits at the gate. */
  static void untilGate(List<Part> parts, InitCompiler.Image image) {
    Program program = image.program();
    List<Integer> intermediate = records(program, 0, gate(image));
    intermediate.addAll(records(program, image.begin(), image.init()));
    parts.add(new Part("intermediate", "joins namespaces and clones init", program, intermediate));
    parts.add(
        new Part(
            "init",
            "builds the container around itself",
            program,
            records(program, image.init(), image.started())));
    parts.add(
        new Part(
            "intermediate or init",
            "when a call fails: reports it and ends",
            program,
            records(program, image.failed(), end(program))));
  }

  /** Init while the container is created and not started. */
  static void atGate(List<Part> parts, InitCompiler.Image image) {
    parts.add(
        new Part(
            "init",
            "waits at the gate, with these few records in memory",
            image.program(),
            records(image.program(), gate(image), image.begin())));
  }

  /** The runtime's side of {@code start}. */
  static void start(List<Part> parts, Arch arch, String root, ContainerState state) {
    String id = state.id();
    parts.add(
        whole(
            "gatun start",
            "1 of 2: looks at the container",
            Look.program(arch, root, id, Look.Purpose.CHANGE)));
    ProgramBuilder b = new ProgramBuilder(arch);
    Slot directory = b.fd("directory", root + "/" + id);
    parts.add(
        whole(
            "gatun start",
            "2 of 2: opens the gate and hears what init says",
            Start.gate(b, state, null, directory, b.fd("gate", "start"), null).program()));
  }

  /** The hooks that are run when the container has been deleted, if there are any. */
  static void poststop(List<Part> parts, Arch arch, ContainerState state) {
    if (!state.hooks().poststop().isEmpty()) {
      ProgramBuilder b = new ProgramBuilder(arch);
      Descriptors descriptors = new Descriptors(b);
      Poststop.run(b, descriptors, state);
      descriptors.closeAll();
      parts.add(whole("gatun delete", "runs hooks when the container is gone", b.build()));
    }
  }

  /** Init once it has been started. */
  static void fromGate(List<Part> parts, InitCompiler.Image image) {
    parts.add(
        new Part(
            "init",
            "becomes the container's process",
            image.program(),
            records(image.program(), image.started(), image.failed())));
  }

  /** The command in the foreground, which shows a terminal meanwhile. */
  static void foreground(List<Part> parts, Arch arch) {
    ProgramBuilder b = new ProgramBuilder(arch);
    Slot status = b.slot("status");
    TerminalRelay relay = new TerminalRelay(b, imm(0));
    b.step("wait for the container", "");
    Attend.untilEnd(b, 0, 0, status, relay, null);
    b.sys(Syscall.EXIT_GROUP, status);
    parts.add(
        whole(
            "gatun run",
            "in the foreground: waits, and shows the terminal by two copies of itself",
            b.build()));
  }

  /** The gate's first record: what comes before it only jumps over it. */
  private static int gate(InitCompiler.Image image) {
    Program program = image.program();
    int at = 0;
    while (program.record(at).origin().step().isEmpty()) {
      at++;
    }
    return at;
  }

  /** Behind the last record in line. */
  private static int end(Program program) {
    int at = 0;
    while (at < program.size() && !isOutOfLine(program, at)) {
      at++;
    }
    return at;
  }

  private static boolean isOutOfLine(Program program, int number) {
    // The first records are put in front of all others and have no position of their own.
    Instruction record = program.record(number);
    return record.position() != 0 && record.position() != number;
  }

  /** The records from one number to another, each step with what it has out of line. */
  private static List<Integer> records(Program program, int from, int to) {
    int end = Math.min(to, end(program));
    List<Integer> numbers = new ArrayList<>();
    int step = from;
    while (step < end) {
      int next = step + 1;
      while (next < end && program.record(next).origin().equals(program.record(step).origin())) {
        next++;
      }
      for (int i = step; i < next; i++) {
        numbers.add(i);
      }
      for (int i = end(program); i < program.size(); i++) {
        int position = program.record(i).position();
        if (position >= step && position < next) {
          numbers.add(i);
        }
      }
      step = next;
    }
    return numbers;
  }
}
