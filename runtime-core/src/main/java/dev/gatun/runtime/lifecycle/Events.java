package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.ControlFiles;
import dev.gatun.cgroups.Statistics;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.nio.charset.StandardCharsets;

/**
 * {@code events}: what a container uses, once or again and again, and each time that it ran out of
 * memory, as lines of JSON.
 */
public final class Events {
  private static final int EVENTS = 512;

  private final Kernel kernel;
  private final String id;
  private final CgroupPath path;

  private Events(Kernel kernel, String id, CgroupPath path) {
    this.kernel = kernel;
    this.id = id;
    this.path = path;
  }

  private static Events of(Kernel kernel, String root, String id) {
    Look.Found found = Look.at(kernel, root, ContainerId.check(id), Look.Purpose.READ);
    if (found.status() == Status.CREATING || found.status() == Status.STOPPED) {
      throw new ContainerException(
          "container not running: \"" + id + "\" is " + found.status().word());
    }
    CgroupPath path = Cgroups.of(found);
    if (path == null) {
      throw new ContainerException(
          "events of container \"" + id + "\": it has no cgroup that could count anything");
    }
    return new Events(kernel, id, path);
  }

  /**
   * What a container uses, in two exchanges.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @return a line of JSON
   * @throws RuntimeException with one sentence as its message
   */
  public static byte[] statistics(Kernel kernel, String root, String id) {
    Events events = of(kernel, root, id);
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot cgroup = Cgroups.open(b, descriptors, new CgroupDirectory(b, events.path));
    ControlFiles files = Statistics.read(b, cgroup);
    descriptors.closeAll();
    Kernel.Result result = kernel.run(b.build()).orThrow();
    return StatisticsJson.line(id, Statistics.of(files, result));
  }

  /**
   * Writes lines to standard output until no process is left in the container.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @param interval how often statistics are written, in nanoseconds
   * @throws RuntimeException with one sentence as its message
   */
  public static void follow(Kernel kernel, String root, String id, long interval) {
    of(kernel, root, id).follow(interval);
  }

  private void follow(long interval) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot cgroup = b.fd("cgroup", path.directory());
    Slot memory = b.fd("memory events", "memory.events");
    Slot processes = b.fd("cgroup events", "cgroup.events");
    descriptors.keep(cgroup);
    descriptors.keep(memory);
    descriptors.keep(processes);
    b.set(cgroup, Cgroups.open(b, new Descriptors(b), new CgroupDirectory(b, path)));
    events(b, cgroup, "memory.events", memory);
    events(b, cgroup, "cgroup.events", processes);
    ControlFiles first = Statistics.read(b, cgroup);
    Kernel.Result opened = kernel.run(b.build()).orThrow();
    try {
      follow(
          interval,
          Statistics.of(first, opened).memory().oomKills(),
          opened.slot(cgroup),
          opened.slot(memory),
          opened.slot(processes));
    } finally {
      ProgramBuilder closing = new ProgramBuilder(kernel.arch());
      for (Slot fd : new Slot[] {cgroup, memory, processes}) {
        closing.sys(Syscall.CLOSE, imm(opened.slot(fd))).tolerateAny();
      }
      kernel.run(closing.build());
    }
  }

  /** Opens a file of events, if there is one, and reads it: from then on changes are announced. */
  private static void events(ProgramBuilder b, Slot cgroup, String name, Slot into) {
    Label missing = b.label("no " + name);
    b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string(name),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(into)
        .tolerate(Errno.ENOENT, missing);
    b.sys(Syscall.PREAD64, into, b.buffer(name, EVENTS).address(), imm(EVENTS), imm(0))
        .tolerateAny();
    b.bind(missing);
  }

  private void follow(long interval, long before, long cgroup, long memory, long processes) {
    long kills = before;
    long next = System.nanoTime() + interval;
    boolean populated = true;
    while (populated) {
      long wait = Math.max(0, next - System.nanoTime());
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      Data polls = b.variable("pollfds", 2 * Structs.SIZEOF_POLLFD);
      long[] fds = {memory, processes};
      for (int i = 0; i < fds.length; i++) {
        // The kernel passes over a negative one: no memory controller.
        polls
            .u32(i * Structs.SIZEOF_POLLFD + Structs.POLLFD_FD, (int) fds[i])
            .u16(i * Structs.SIZEOF_POLLFD + Structs.POLLFD_EVENTS, Constants.POLLPRI);
      }
      Data time =
          b.variable("interval", Structs.SIZEOF_KERNEL_TIMESPEC)
              .u64(Structs.KERNEL_TIMESPEC_TV_SEC, wait / 1_000_000_000)
              .u64(Structs.KERNEL_TIMESPEC_TV_NSEC, wait % 1_000_000_000);
      Data text = b.output("cgroup.events", EVENTS);
      Slot ready = b.slot("ready");
      Slot length = b.slot("length");
      Label again = b.loop("again");
      b.step("wait for events", "");
      b.sys(Syscall.PPOLL, polls.address(), imm(fds.length), time.address(), imm(0), imm(0))
          .into(ready)
          .tolerate(Errno.EINTR, again);
      Slot killed = kills(b, memory);
      b.sys(Syscall.PREAD64, imm(processes), text.address(), imm(EVENTS), imm(0))
          .into(length)
          .tolerateAny();
      // Reaching the limit is announced too, right before the kill, behind which systemd removes
      // the
      // cgroup: nothing else is done in between.
      Slot word = b.slot("word");
      Label telling = b.label("something to tell");
      b.branch(Op.Condition.EQ, ready, imm(0), telling);
      b.branch(Op.Condition.LTU, imm(kills), killed, telling);
      b.branch(Op.Condition.LT, length, imm(1), telling);
      b.load(8, word, text.address(), imm("pop".length()));
      b.branch(Op.Condition.EQ, word, imm(word("ulated 1")), again);
      b.bind(telling);
      Slot directory = b.fd("cgroup", path.directory());
      b.set(directory, imm(cgroup));
      ControlFiles files = Statistics.read(b, directory);
      Kernel.Result result = kernel.run(b.build()).orThrow();
      // A cgroup that is gone cannot be read.
      populated =
          result.slot(length) > 0
              && new String(result.bytes(text, result.slot(length)), StandardCharsets.US_ASCII)
                  .contains("populated 1");
      Statistics statistics = Statistics.of(files, result);
      if (result.slot(killed) > kills) {
        kills = result.slot(killed);
        print(StatisticsJson.outOfMemory(id));
      }
      if (populated && result.slot(ready) == 0) {
        print(StatisticsJson.line(id, statistics));
        next += interval;
        next = Math.max(next, System.nanoTime());
      }
    }
  }

  /**
   * Adds records that read how many processes were killed for want of memory: the number behind
   * {@code oom_kill} in {@code memory.events}.
   *
   * @return a slot with it, 0 when there is no such file any more
   */
  private static Slot kills(ProgramBuilder b, long memory) {
    Data text = b.buffer("memory.events", EVENTS);
    Slot killed = b.slot("oom kills");
    Slot at = b.slot("at");
    Slot end = b.slot("end");
    Slot word = b.slot("word");
    Slot digit = b.slot("digit");
    Slot tens = b.slot("tens");
    Label none = b.label("no kills");
    b.set(killed, imm(0));
    b.sys(Syscall.PREAD64, imm(memory), text.address(), imm(EVENTS), imm(0))
        .into(end)
        .tolerateAny(none);
    b.set(at, text.address());
    b.alu(Op.Function.ADD, end, end, text.address());
    b.alu(Op.Function.SUB, end, end, imm("oom_kill 0".length()));
    Label next = b.loop("look for oom_kill");
    b.branch(Op.Condition.LTU, end, at, none);
    b.load(8, word, at, imm(0));
    b.alu(Op.Function.ADD, at, at, imm(1));
    b.branch(Op.Condition.NE, word, imm(word("oom_kill")), next);
    b.alu(Op.Function.ADD, at, at, imm("om_kill ".length()));
    Label more = b.loop("next digit");
    b.load(1, digit, at, imm(0));
    b.alu(Op.Function.SUB, digit, digit, imm('0'));
    b.branch(Op.Condition.LTU, imm(9), digit, none);
    b.alu(Op.Function.SHL, tens, killed, imm(3));
    b.alu(Op.Function.ADD, tens, tens, killed);
    b.alu(Op.Function.ADD, tens, tens, killed);
    b.alu(Op.Function.ADD, killed, tens, digit);
    b.alu(Op.Function.ADD, at, at, imm(1));
    b.jump(more);
    b.bind(none);
    return killed;
  }

  private static long word(String eightBytes) {
    long word = 0;
    for (int i = 7; i >= 0; i--) {
      word = word << 8 | eightBytes.charAt(i);
    }
    return word;
  }

  private void print(byte[] line) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.step("write to standard output", "");
    Idioms.writeAll(b, imm(1), line);
    kernel.run(b.build()).orThrow();
  }
}
