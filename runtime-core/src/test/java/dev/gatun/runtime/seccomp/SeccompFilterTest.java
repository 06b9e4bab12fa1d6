package dev.gatun.runtime.seccomp;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Seccomp;
import dev.gatun.oci.Seccomp.Action;
import dev.gatun.oci.Seccomp.Operator;
import dev.gatun.runtime.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The compiler, beside libseccomp. */
class SeccompFilterTest {
  private static final int ALLOW = 0x7fff0000;
  private static final int EPERM = 0x50001;
  private static final int ENOSYS = 0x50026;
  private static final List<Seccomp.Arch> X86 =
      List.of(
          Seccomp.Arch.SCMP_ARCH_X86_64, Seccomp.Arch.SCMP_ARCH_X86, Seccomp.Arch.SCMP_ARCH_X32);
  private static final List<Seccomp.Arch> ARM =
      List.of(Seccomp.Arch.SCMP_ARCH_AARCH64, Seccomp.Arch.SCMP_ARCH_ARM);

  @BeforeAll
  static void needsTheOracle() {
    assumeTrue(
        Files.exists(Path.of("/usr/lib/x86_64-linux-gnu/libseccomp.so.2")),
        "libseccomp2 for x86-64 is not installed");
  }

  private static Seccomp profile(
      Action action, List<Seccomp.Arch> arches, List<Seccomp.Syscall> rules) {
    return new Seccomp(action, null, arches, List.of(), null, null, rules);
  }

  private static Seccomp.Syscall rule(Action action, String name, Seccomp.Arg... args) {
    return new Seccomp.Syscall(List.of(name), action, null, List.of(args));
  }

  private static int value(Action action, @Nullable Long errno) {
    int data = errno == null ? 1 : errno.intValue();
    return switch (action) {
      case SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD -> 0;
      case SCMP_ACT_KILL_PROCESS -> 0x80000000;
      case SCMP_ACT_TRAP -> 0x30000;
      case SCMP_ACT_ERRNO -> 0x50000 | data;
      case SCMP_ACT_TRACE -> 0x7ff00000 | data;
      case SCMP_ACT_ALLOW -> ALLOW;
      case SCMP_ACT_LOG -> 0x7ffc0000;
      case SCMP_ACT_NOTIFY -> 0x7fc00000;
    };
  }

  private static List<Abi> abis(Seccomp seccomp, Arch arch) {
    List<Abi> abis = new ArrayList<>(List.of(Abi.of(arch)));
    for (Seccomp.Arch name : seccomp.architectures()) {
      Abi abi = Abi.of(arch, name);
      if (abi != null && !abis.contains(abi)) {
        abis.add(abi);
      }
    }
    return abis;
  }

  /**
   * How often libseccomp was wrong: where conditions of several rules for a call overlap, 2.5 goes
   * down the tree for one rule and does not come back to try the other. So it does not find that
   * {@code arg0 < 54 && arg3 >= 29} holds for (23, …, 30) when there is also {@code arg0 <= 30 &&
   * (arg1 & 1) == 0}.
   */
  private int mistakes;

  private int decisions;

  /** Every decision, of the filter as libseccomp would make it and of the one that is loaded. */
  private int compare(Seccomp seccomp, Arch arch, Random random) throws IOException {
    List<Abi> abis = abis(seccomp, arch);
    int fallback = value(seccomp.defaultAction(), seccomp.defaultErrnoRet());
    int[] values = new int[seccomp.syscalls().size()];
    List<Long> interesting = new ArrayList<>(List.of(0L, 1L, -1L, 1L << 32, 0xffff_ffffL));
    for (int i = 0; i < values.length; i++) {
      Seccomp.Syscall rule = seccomp.syscalls().get(i);
      values[i] = value(rule.action(), rule.errnoRet());
      for (Seccomp.Arg arg : rule.args()) {
        interesting.addAll(List.of(arg.value(), arg.value() + 1, arg.value() - 1));
        interesting.addAll(List.of(arg.valueTwo(), arg.value() ^ (1L << 32), ~arg.value()));
      }
    }
    Evaluator arbiter = new Evaluator(fallback, seccomp.syscalls(), values);
    Bpf oracle = LibSeccomp.compile(fallback, abis, seccomp.syscalls(), values);
    Bpf plain = new Bpf(SeccompFilter.compile(seccomp, arch, false).bpf());
    SeccompFilter filter = SeccompFilter.compile(seccomp, arch);
    Bpf strict = new Bpf(filter.bpf());
    boolean passes = fallback == ALLOW || fallback == 0x7ffc0000 || fallback >>> 16 == 0x7ff0;
    for (Abi abi : Abi.values()) {
      int newest = arbiter.newest(abi);
      for (int nr : numbers(abi)) {
        int index = nr - abi.base();
        boolean call = index >= 0 && index < 1000 && abis.contains(abi);
        // 2.5 does not know the newest calls; what is multiplexed is not in the arbiter's table.
        boolean known = !arbiter.knows(abi, index) || LibSeccomp.name(abi, nr) != null;
        boolean multiplexer = abi == Abi.X86 && (index == 102 || index == 117);
        for (int i = 0; i < 12; i++) {
          long[] args = new long[6];
          for (int j = 0; j < 6; j++) {
            args[j] = interesting.get(random.nextInt(interesting.size()));
          }
          int oracles = oracle.run(abi.audit(), nr, args);
          int expected = oracles;
          String what = abi + " " + Integer.toHexString(nr) + " " + java.util.Arrays.toString(args);
          if (call && !multiplexer) {
            expected = arbiter.value(abi, index, args);
            decisions++;
            if (known && oracles != expected) {
              mistakes++;
              assertTrue(
                  arbiter.overlaps(abi, index),
                  () ->
                      "libseccomp decides "
                          + Integer.toHexString(oracles)
                          + " about "
                          + what
                          + ", where "
                          + arbiter.rules(abi, index));
            }
          }
          assertEquals(expected, plain.run(abi.audit(), nr, args), what);
          if (call && !passes && newest > 0 && index > newest) {
            expected = ENOSYS;
          }
          if (index >= 0 && index < 1000) {
            assertEquals(expected, strict.run(abi.audit(), nr, args), what);
          }
        }
      }
    }
    return filter.size();
  }

  private static List<Integer> numbers(Abi abi) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i <= 600; i++) {
      numbers.add(abi.base() + i);
    }
    numbers.addAll(List.of(999, 1000, 1023, 1024, 65535, 0x3fffffff, 0x40000000, 0x40000400));
    numbers.addAll(List.of(0x7fffffff, 0x80000000, 0xc0000000, 0xfffffffe, 0xffffffff));
    for (int i = 0; i < 8; i++) {
      numbers.add(0xf0000 + i);
    }
    return numbers;
  }

  private static Seccomp fixture(String name) throws IOException {
    Path file = Path.of("../oci-spec/src/test/resources/dev/gatun/oci", name);
    return java.util.Objects.requireNonNull(
        java.util.Objects.requireNonNull(
                dev.gatun.oci.SpecReader.read(Files.readAllBytes(file), name).linux())
            .seccomp());
  }

  @Test
  void defaultProfilesDecideAsLibseccompDoes() throws IOException {
    List<Seccomp> profiles = new ArrayList<>();
    for (String name : List.of("podman-4.3.json", "docker.json")) {
      profiles.add(fixture(name));
    }
    profiles.add(DefaultProfiles.docker(X86));
    profiles.add(DefaultProfiles.containerd(X86));
    for (Seccomp seccomp : profiles) {
      int length = compare(seccomp, Arch.X86_64, new Random(1));
      assertTrue(length < 1200, length + " instructions");
      Seccomp arm =
          new Seccomp(
              seccomp.defaultAction(),
              seccomp.defaultErrnoRet(),
              ARM,
              List.of(),
              null,
              null,
              seccomp.syscalls());
      compare(arm, Arch.AARCH64, new Random(2));
    }
    assertEquals(0, mistakes, "their rules exclude each other");
    assertTrue(decisions > 100_000, decisions + " decisions");
  }

  @Test
  void generatedProfilesDecideAsLibseccompDoes() throws IOException {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      Action fallback = Action.values()[random.nextInt(8)];
      List<Seccomp.Syscall> rules = new ArrayList<>();
      int size = 1 + random.nextInt(80);
      for (int i = 0; i < size; i++) {
        String name = LibSeccomp.name(Abi.values()[random.nextInt(5)], random.nextInt(450));
        if (name == null) {
          continue;
        }
        Action action = Action.values()[random.nextInt(8)];
        Long errno = action == Action.SCMP_ACT_ERRNO ? Long.valueOf(random.nextInt(100)) : null;
        int alternatives = random.nextInt(3);
        boolean called = false;
        for (Seccomp.Syscall rule : rules) {
          called |= rule.names().contains(name);
        }
        boolean multiplexed = Abi.multiplexed(name) > 0 || isMultiplexer(name);
        if (called && multiplexed) {
          // libseccomp refuses a second rule for these, where it takes one for others.
          continue;
        }
        if (alternatives == 0 || called || multiplexed) {
          rules.add(new Seccomp.Syscall(List.of(name), action, errno, List.of()));
        } else {
          for (int j = 0; j < alternatives; j++) {
            rules.add(new Seccomp.Syscall(List.of(name), action, errno, conditions(random)));
          }
        }
      }
      List<Seccomp.Arch> arches = new ArrayList<>(seed % 4 == 0 ? ARM : X86);
      if (seed % 3 == 0) {
        arches.removeLast();
      }
      Arch arch = seed % 4 == 0 ? Arch.AARCH64 : Arch.X86_64;
      try {
        compare(profile(fallback, arches, rules), arch, random);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
    assertTrue(mistakes < decisions / 1000, mistakes + " of " + decisions);
  }

  private static boolean isMultiplexer(String name) {
    return name.equals("socketcall") || name.equals("ipc");
  }

  private static List<Seccomp.Arg> conditions(Random random) {
    List<Seccomp.Arg> args = new ArrayList<>();
    for (int index = 0; index < 6; index++) {
      if ((args.isEmpty() && index == 5) || random.nextInt(4) == 0) {
        Operator op = Operator.values()[random.nextInt(7)];
        long value = random.nextBoolean() ? random.nextInt(64) : random.nextLong();
        long mask = 1L + random.nextLong(Long.MAX_VALUE);
        args.add(
            op == Operator.SCMP_CMP_MASKED_EQ
                ? new Seccomp.Arg(index, mask, value & mask, op)
                : new Seccomp.Arg(index, value, 0, op));
      }
    }
    return args;
  }

  @Test
  void numbersAreThoseOfLibseccompAndOfTheHeaders() throws IOException {
    int names = 0;
    for (Abi abi : Abi.values()) {
      for (int i = 0; i < 600; i++) {
        String name = LibSeccomp.name(abi, abi.base() + i);
        if (name != null) {
          names++;
          assertEquals(i, SyscallNumbers.number(SyscallNumbers.of(name), abi), abi + " " + name);
        }
      }
    }
    assertTrue(names > 1800, names + " names");
    String include = "/usr/include/x86_64-linux-gnu/asm/";
    headers(Abi.X86_64, include + "unistd_64.h");
    headers(Abi.X86, include + "unistd_32.h");
    headers(Abi.X32, include + "unistd_x32.h");
    headers(Abi.ARM, "/usr/arm-linux-gnueabihf/include/asm/unistd-eabi.h");
    headers(Abi.AARCH64, "/usr/aarch64-linux-gnu/include/asm-generic/unistd.h");
    for (Syscall call : Syscall.values()) {
      long row = SyscallNumbers.of(call.kernelName());
      assertEquals(call.number(Arch.X86_64), SyscallNumbers.number(row, Abi.X86_64));
      assertEquals(call.number(Arch.AARCH64), SyscallNumbers.number(row, Abi.AARCH64));
    }
  }

  /** Compares with what a header of the kernel defines. */
  private static void headers(Abi abi, String file) throws IOException {
    Path header = Path.of(file);
    assumeTrue(Files.exists(header), header + " is missing (see build/packages.txt)");
    Pattern line = Pattern.compile("#define __NR(?:3264)?_(\\w+)\\s+(?:\\(__\\w+ \\+ )?(\\d+)\\)?");
    int found = 0;
    Matcher matcher = line.matcher(Files.readString(header));
    while (matcher.find()) {
      String name = java.util.Objects.requireNonNull(matcher.group(1));
      int number = Integer.parseInt(java.util.Objects.requireNonNull(matcher.group(2)));
      if (abi == Abi.AARCH64) {
        switch (name) {
          case "arch_specific_syscall", "syscalls", "sync_file_range2", "stat", "lstat" -> {
            continue;
          }
          case "fstatat" -> name = "newfstatat";
          default -> {
            // Machines of 32 bits have these.
            if (number >= 403 && number <= 423) {
              number = -1;
            }
          }
        }
      }
      found++;
      assertEquals(number, SyscallNumbers.number(SyscallNumbers.of(name), abi), abi + " " + name);
    }
    assertTrue(found > 300, header + " has " + found);
  }

  @Test
  void whatIsNewerThanTheProfileIsNotThere() {
    Seccomp seccomp =
        profile(
            Action.SCMP_ACT_ERRNO,
            X86,
            List.of(rule(Action.SCMP_ACT_ALLOW, "read"), rule(Action.SCMP_ACT_ERRNO, "statx")));
    Bpf bpf = new Bpf(SeccompFilter.compile(seccomp, Arch.X86_64).bpf());
    assertEquals(ALLOW, bpf.run(Abi.X86_64.audit(), 0));
    assertEquals(EPERM, bpf.run(Abi.X86_64.audit(), 332));
    assertEquals(ENOSYS, bpf.run(Abi.X86_64.audit(), 333));
    assertEquals(EPERM, bpf.run(Abi.X86.audit(), 383));
    assertEquals(ENOSYS, bpf.run(Abi.X86.audit(), 384));
    assertEquals(0, bpf.run(Abi.AARCH64.audit(), 63));
  }

  @Test
  void conditionsOnOneArgumentAreAlternatives() {
    Seccomp.Arg two = new Seccomp.Arg(0, 2, 0, Operator.SCMP_CMP_EQ);
    Seccomp.Arg three = new Seccomp.Arg(0, 3, 0, Operator.SCMP_CMP_EQ);
    Seccomp seccomp =
        profile(
            Action.SCMP_ACT_ERRNO, X86, List.of(rule(Action.SCMP_ACT_ALLOW, "dup", two, three)));
    Bpf bpf = new Bpf(SeccompFilter.compile(seccomp, Arch.X86_64).bpf());
    assertEquals(ALLOW, bpf.run(Abi.X86_64.audit(), 32, 2));
    assertEquals(ALLOW, bpf.run(Abi.X86_64.audit(), 32, 3));
    assertEquals(EPERM, bpf.run(Abi.X86_64.audit(), 32, 4));
  }

  @Test
  void aFilterCostsFewInstructions() throws IOException {
    Seccomp seccomp = fixture("podman-4.3.json");
    int[] values = new int[seccomp.syscalls().size()];
    for (int i = 0; i < values.length; i++) {
      Seccomp.Syscall rule = seccomp.syscalls().get(i);
      values[i] = value(rule.action(), rule.errnoRet());
    }
    int fallback = value(seccomp.defaultAction(), seccomp.defaultErrnoRet());
    Bpf oracle =
        LibSeccomp.compile(fallback, abis(seccomp, Arch.X86_64), seccomp.syscalls(), values);
    Bpf bpf = new Bpf(SeccompFilter.compile(seccomp, Arch.X86_64).bpf());
    int most = 0;
    int all = 0;
    int oracles = 0;
    for (int nr = 0; nr < 450; nr++) {
      bpf.run(Abi.X86_64.audit(), nr, 0, 0, 0, 0, 0, 0);
      oracle.run(Abi.X86_64.audit(), nr, 0, 0, 0, 0, 0, 0);
      all += bpf.steps;
      oracles += oracle.steps;
      // socket and personality have conditions.
      if (nr != 41 && nr != 135) {
        most = Math.max(most, bpf.steps);
      }
    }
    assertTrue(most <= 16, most + " instructions");
    assertTrue(
        all * 10 < oracles, all + " instructions where libseccomp's filter takes " + oracles);
  }

  @Test
  void tooLongAFilterIsRefused() {
    List<Seccomp.Syscall> rules = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      Seccomp.Arg arg = new Seccomp.Arg(0, i, 0, Operator.SCMP_CMP_EQ);
      rules.add(rule(Action.SCMP_ACT_ALLOW, "dup", arg));
    }
    Seccomp seccomp = profile(Action.SCMP_ACT_ERRNO, List.of(), rules);
    ConfigException e =
        assertThrows(ConfigException.class, () -> SeccompFilter.compile(seccomp, Arch.X86_64));
    String message = assertNotNull2(e.getMessage());
    assertTrue(message.contains("of which the kernel takes at most 4096"), message);
  }

  private static String assertNotNull2(@Nullable String text) {
    assertNotNull(text);
    return String.valueOf(text);
  }

  @Test
  void aForbiddenCallIsNamedWithItsRule() {
    Seccomp seccomp =
        profile(
            Action.SCMP_ACT_ALLOW,
            List.of(),
            List.of(
                rule(Action.SCMP_ACT_ERRNO, "mkdirat"),
                rule(Action.SCMP_ACT_KILL, "execve"),
                rule(Action.SCMP_ACT_ERRNO, "no_such_call")));
    SeccompFilter filter = SeccompFilter.compile(seccomp, Arch.X86_64);
    assertEquals(List.of("no_such_call"), filter.unknown());
    ProgramBuilder b = new ProgramBuilder(Arch.X86_64);
    filter.require(b.sys(Syscall.WRITE), "/linux/seccomp");
    // A failure that nobody minds may be forbidden, a killing may not.
    filter.require(b.sys(Syscall.MKDIRAT).tolerateAny(), "/linux/seccomp");
    Instruction execve = b.sys(Syscall.EXECVE).tolerateAny();
    ConfigException e =
        assertThrows(ConfigException.class, () -> filter.require(execve, "/linux/seccomp"));
    assertEquals("/linux/seccomp/syscalls/1", e.place());
    assertTrue(String.valueOf(e.getMessage()).contains("forbids execve,"), e::toString);
  }

  @Test
  void whatIsKnownOfArgumentsDecidesWhatIsForbidden() {
    Seccomp.Arg eight = new Seccomp.Arg(0, 8, 0, Operator.SCMP_CMP_EQ);
    Seccomp.Arg low = new Seccomp.Arg(1, 4, 0, Operator.SCMP_CMP_LT);
    Seccomp seccomp =
        profile(
            Action.SCMP_ACT_ALLOW,
            List.of(),
            List.of(
                rule(Action.SCMP_ACT_ERRNO, "prctl", eight),
                rule(Action.SCMP_ACT_LOG, "prctl", low)));
    SeccompFilter filter = SeccompFilter.compile(seccomp, Arch.X86_64);
    ProgramBuilder b = new ProgramBuilder(Arch.X86_64);
    Slot any = b.slot("any");
    filter.require(b.sys(Syscall.PRCTL, imm(9), imm(0)), "");
    filter.require(b.sys(Syscall.PRCTL, any, imm(0)), "");
    Instruction keepcaps = b.sys(Syscall.PRCTL, imm(8), any);
    assertThrows(ConfigException.class, () -> filter.require(keepcaps, ""));
    Seccomp reversed =
        profile(
            Action.SCMP_ACT_ERRNO, List.of(), List.of(rule(Action.SCMP_ACT_ALLOW, "prctl", eight)));
    SeccompFilter other = SeccompFilter.compile(reversed, Arch.X86_64);
    other.require(keepcaps, "");
    other.require(b.sys(Syscall.PRCTL, any), "");
    Instruction nine = b.sys(Syscall.PRCTL, imm(9));
    ConfigException e = assertThrows(ConfigException.class, () -> other.require(nine, "/p"));
    assertEquals("/p/defaultAction", e.place());
  }
}
