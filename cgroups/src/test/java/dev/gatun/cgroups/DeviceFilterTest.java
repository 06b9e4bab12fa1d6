package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Resources.DeviceRule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class DeviceFilterTest {
  private static final int MKNOD = 1;
  private static final int READ = 2;
  private static final int WRITE = 4;
  private static final int BLOCK = 1;
  private static final int CHAR = 2;

  private static DeviceRule rule(
      boolean allow,
      DeviceRule.@Nullable Type type,
      @Nullable Long major,
      @Nullable Long minor,
      String access) {
    return new DeviceRule(allow, type, major, minor, access);
  }

  /** Runs the program as the kernel would, for the instructions that it uses. */
  private static boolean run(byte[] code, int type, int major, int minor, int access) {
    ByteBuffer b = ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN);
    int[] context = {(access << 16) | type, major, minor};
    long[] r = new long[11];
    int at = 0;
    for (int steps = 0; steps < 10_000; steps++) {
      int opcode = b.get(at) & 0xff;
      int target = b.get(at + 1) & 0xf;
      int source = (b.get(at + 1) >> 4) & 0xf;
      int offset = b.getShort(at + 2);
      int imm = b.getInt(at + 4);
      at += 8;
      switch (opcode) {
        case 0x61 -> r[target] = context[offset / 4] & 0xffffffffL;
        case 0xbf -> r[target] = r[source];
        case 0xb7 -> r[target] = imm;
        case 0x54 -> r[target] = (r[target] & imm) & 0xffffffffL;
        case 0x74 -> r[target] = (r[target] & 0xffffffffL) >>> imm;
        case 0x56 -> at += (int) r[target] != imm ? offset * 8 : 0;
        case 0x46 -> at += ((int) r[target] & imm) != 0 ? offset * 8 : 0;
        case 0x05 -> at += offset * 8;
        case 0x95 -> {
          return r[0] == 1;
        }
        default -> throw new AssertionError("opcode " + Integer.toHexString(opcode));
      }
    }
    throw new AssertionError("no end");
  }

  /** Rule after rule, as the spec words it. */
  private static boolean expected(
      List<DeviceRule> rules, int type, long major, long minor, int access) {
    int allowed = 0;
    List<DeviceRule> all = new ArrayList<>(rules);
    all.add(rule(true, DeviceRule.Type.CHARACTER, null, null, "m"));
    all.add(rule(true, DeviceRule.Type.BLOCK, -1L, -1L, "m"));
    for (long[] device :
        new long[][] {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {136, -1}}) {
      all.add(rule(true, DeviceRule.Type.CHARACTER, device[0], device[1], "rwm"));
    }
    for (DeviceRule rule : all) {
      DeviceRule.Type t = rule.type();
      boolean matches =
          (t == null
                  || t == DeviceRule.Type.ALL
                  || (t == DeviceRule.Type.CHARACTER) == (type == CHAR))
              && (rule.major() == null || rule.major() == -1 || rule.major() == major)
              && (rule.minor() == null || rule.minor() == -1 || rule.minor() == minor);
      if (matches) {
        int bits = 0;
        for (char c : String.valueOf(rule.access()).toCharArray()) {
          bits |= c == 'r' ? READ : c == 'w' ? WRITE : MKNOD;
        }
        allowed = rule.allow() ? allowed | bits : allowed & ~bits;
      }
    }
    return (access & ~allowed) == 0;
  }

  @Test
  void decidesAsTheRulesRead() {
    Random random = new Random(20261121);
    DeviceRule.@Nullable Type[] types = {
      null, DeviceRule.Type.ALL, DeviceRule.Type.CHARACTER, DeviceRule.Type.BLOCK
    };
    @Nullable Long[] numbers = {null, -1L, 0L, 1L, 3L, 5L, 136L, 0xffffffffL};
    String[] accesses = {"r", "w", "m", "rw", "rm", "wm", "rwm", "mwr", "rr"};
    int allowed = 0;
    int everything = 0;
    for (int round = 0; round < 3_000; round++) {
      List<DeviceRule> rules = new ArrayList<>();
      for (int i = random.nextInt(8); i > 0; i--) {
        rules.add(
            rule(
                random.nextBoolean(),
                types[random.nextInt(types.length)],
                numbers[random.nextInt(numbers.length)],
                numbers[random.nextInt(numbers.length)],
                accesses[random.nextInt(accesses.length)]));
      }
      DeviceFilter filter = DeviceFilter.of(rules);
      byte[] code = filter.code();
      boolean all = true;
      for (int type : new int[] {CHAR, BLOCK}) {
        for (int major : new int[] {0, 1, 2, 5, 136, -1}) {
          for (int minor : new int[] {0, 1, 3, 4, 136, -1}) {
            for (int access = 1; access < 8; access++) {
              boolean expected =
                  expected(rules, type, major & 0xffffffffL, minor & 0xffffffffL, access);
              assertEquals(expected, run(code, type, major, minor, access), rules.toString());
              allowed += expected ? 1 : 0;
              all &= expected;
            }
          }
        }
      }
      if (filter.allowsEverything()) {
        everything++;
        assertTrue(all, rules.toString());
      }
    }
    assertTrue(allowed > 10_000);
    assertTrue(everything > 10);
  }

  @Test
  void malformedRulesAreRefused() {
    for (DeviceRule bad :
        List.of(
            new DeviceRule(true, null, null, null, null),
            rule(true, null, null, null, "rx"),
            rule(true, DeviceRule.Type.BLOCK, -2L, null, "r"),
            rule(true, DeviceRule.Type.BLOCK, 1L, 1L << 32, "r"))) {
      CgroupException e =
          assertThrows(
              CgroupException.class,
              () -> DeviceFilter.of(List.of(rule(false, null, null, null, "rwm"), bad)));
      assertTrue(
          String.valueOf(e.getMessage()).endsWith(" [config.json /linux/resources/devices/1]"),
          e.getMessage());
    }
  }

  @Test
  @Tag("root")
  @Timeout(60)
  void theKernelEnforcesItAlsoAfterAnUpdate() throws Exception {
    TestCgroups cgroups = new TestCgroups();
    TestKernel kernel = new TestKernel();
    try {
      attach(kernel, cgroups, true, List.of(rule(false, null, null, null, "rwm")));
      assertEquals("yes", opens(cgroups, "/dev/null"));
      assertEquals("yes", opens(cgroups, "/dev/zero"));
      assertEquals("no", opens(cgroups, "/dev/kmsg"));
      attach(
          kernel,
          cgroups,
          false,
          List.of(
              rule(false, null, null, null, "rwm"),
              rule(true, DeviceRule.Type.CHARACTER, 1L, 11L, "r")));
      assertEquals("yes", opens(cgroups, "/dev/kmsg"));
      assertEquals(1, attached(kernel, cgroups));
      attach(kernel, cgroups, false, List.of());
      assertEquals("no", opens(cgroups, "/dev/kmsg"));
      assertEquals(1, attached(kernel, cgroups));
      List<DeviceRule> everything = List.of(rule(true, null, null, null, "rwm"));
      assertTrue(DeviceFilter.of(everything).allowsEverything());
      assertFalse(DeviceFilter.of(List.of()).allowsEverything());
      attach(kernel, cgroups, false, everything);
      assertEquals("yes", opens(cgroups, "/dev/kmsg"));
      assertEquals(0, attached(kernel, cgroups));
    } finally {
      cgroups.close();
    }
  }

  @Test
  @Tag("root")
  @Timeout(60)
  void theVerifierTakesEveryProgram() throws Exception {
    TestCgroups cgroups = new TestCgroups();
    TestKernel kernel = new TestKernel();
    Random random = new Random(3);
    DeviceRule.@Nullable Type[] types = {null, DeviceRule.Type.CHARACTER, DeviceRule.Type.BLOCK};
    String[] accesses = {"r", "m", "rw", "rwm", "rwm"};
    try {
      for (int round = 0; round < 60; round++) {
        List<DeviceRule> rules = new ArrayList<>();
        for (int i = random.nextInt(round < 50 ? 6 : 200); i > 0; i--) {
          rules.add(
              rule(
                  random.nextBoolean(),
                  types[random.nextInt(types.length)],
                  random.nextBoolean() ? null : (long) random.nextInt(300),
                  random.nextBoolean() ? null : (long) random.nextInt(300),
                  accesses[random.nextInt(accesses.length)]));
        }
        attach(kernel, cgroups, round == 0, rules);
      }
    } finally {
      cgroups.close();
    }
  }

  private static void attach(
      TestKernel kernel, TestCgroups cgroups, boolean make, List<DeviceRule> rules) {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    CgroupDirectory directory = new CgroupDirectory(b, cgroups.path(""));
    Label missing = b.label("missing");
    Slot fd = make ? directory.make() : directory.open(missing);
    DeviceFilter.of(rules).attach(b, fd);
    Idioms.close(b, fd);
    b.bind(missing);
    kernel.run(b.build()).orThrow();
  }

  /** How many programs are attached to the cgroup. */
  private static long attached(TestKernel kernel, TestCgroups cgroups) {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    Label missing = b.label("missing");
    Slot count = b.slot("count");
    b.set(count, imm(-1));
    Slot fd = new CgroupDirectory(b, cgroups.path("")).open(missing);
    Data ids = b.buffer("ids", 64);
    Data query =
        b.variable("bpf_attr", Structs.SIZEOF_BPF_ATTR)
            .u32(Structs.BPF_ATTR_QUERY_ATTACH_TYPE, Constants.BPF_CGROUP_DEVICE)
            .address(Structs.BPF_ATTR_QUERY_PROG_IDS, ids.address())
            .u32(Structs.BPF_ATTR_QUERY_PROG_CNT, 16);
    b.store(4, query.address(), imm(Structs.BPF_ATTR_QUERY_TARGET_FD), fd);
    b.sys(
        Syscall.BPF, imm(Constants.BPF_PROG_QUERY), query.address(), imm(Structs.SIZEOF_BPF_ATTR));
    b.load(4, count, query.address(), imm(Structs.BPF_ATTR_QUERY_PROG_CNT));
    Idioms.close(b, fd);
    b.bind(missing);
    return kernel.run(b.build()).orThrow().slot(count);
  }

  private static String opens(TestCgroups cgroups, String device) throws IOException {
    Process process =
        cgroups.start("", "if true 2>/dev/null <" + device + "; then echo yes; else echo no; fi");
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return text.substring(text.indexOf('\n') + 1).trim();
  }
}
