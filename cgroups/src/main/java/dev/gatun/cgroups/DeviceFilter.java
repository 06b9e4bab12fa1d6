package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Resources.DeviceRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which devices the processes of a cgroup may open and make: {@code linux.resources.devices} as an
 * eBPF program of the type BPF_PROG_TYPE_CGROUP_DEVICE, {@code bpf(2)}.
 *
 * <p>Nothing is allowed to begin with; each rule changes, for the devices and kinds of access that
 * it names, what the rules before it said; at the end come those that every container has, as in
 * runc: making any device node, and the use of null, zero, full, random, urandom, tty, ptmx and
 * pseudo-terminals. A rule means what it names and nothing more, so the type {@code a} with a
 * number or a single kind of access is no wildcard, other than in cgroup v1.
 */
public final class DeviceFilter {
  /** The place in {@code config.json} that asks for rules. */
  public static final String PLACE = "/linux/resources/devices";

  private static final int ANY = -1;
  private static final int MKNOD = Constants.BPF_DEVCG_ACC_MKNOD;
  private static final int READ = Constants.BPF_DEVCG_ACC_READ;
  private static final int WRITE = Constants.BPF_DEVCG_ACC_WRITE;
  private static final int ALL = MKNOD | READ | WRITE;
  private static final int CHAR = Constants.BPF_DEVCG_DEV_CHAR;
  private static final int BLOCK = Constants.BPF_DEVCG_DEV_BLOCK;

  /** How many programs of another hand may be attached to the cgroup itself. */
  private static final int MOST_ATTACHED = 64;

  /** Fields of struct bpf_cgroup_dev_ctx. */
  private static final int CTX_ACCESS_TYPE = 0;

  private static final int CTX_MAJOR = 4;
  private static final int CTX_MINOR = 8;

  /** A rule in the kernel's words; type, major and minor may be {@link #ANY}. */
  private record Rule(boolean allow, int type, long major, long minor, int access) {
    boolean matchesEverything() {
      return type == ANY && major == ANY && minor == ANY;
    }
  }

  private static final List<Rule> DEFAULTS =
      List.of(
          new Rule(true, CHAR, ANY, ANY, MKNOD),
          new Rule(true, BLOCK, ANY, ANY, MKNOD),
          new Rule(true, CHAR, 1, 3, ALL),
          new Rule(true, CHAR, 1, 5, ALL),
          new Rule(true, CHAR, 1, 7, ALL),
          new Rule(true, CHAR, 1, 8, ALL),
          new Rule(true, CHAR, 1, 9, ALL),
          new Rule(true, CHAR, 5, 0, ALL),
          new Rule(true, CHAR, 5, 2, ALL),
          new Rule(true, CHAR, 136, ANY, ALL));

  private final byte[] code;
  private final boolean everything;

  private DeviceFilter(byte[] code, boolean everything) {
    this.code = code;
    this.everything = everything;
  }

  /**
   * Compiles rules.
   *
   * @param rules {@code linux.resources.devices}, in order
   * @return the filter
   * @throws CgroupException if a rule has no access, an unknown kind of it, or a number out of
   *     range
   */
  public static DeviceFilter of(List<DeviceRule> rules) {
    List<Rule> all = new ArrayList<>(rules.size() + DEFAULTS.size());
    for (int i = 0; i < rules.size(); i++) {
      all.add(rule(rules.get(i), PLACE + "/" + i));
    }
    // Whatever stands before the last rule for everything says nothing.
    boolean everything = false;
    for (int i = 0; i < all.size(); i++) {
      Rule rule = all.get(i);
      if (rule.matchesEverything() && rule.access == ALL) {
        everything = rule.allow;
      } else if (!rule.allow) {
        everything = false;
      }
    }
    all.addAll(DEFAULTS);
    return new DeviceFilter(assemble(all), everything);
  }

  private static Rule rule(DeviceRule rule, String place) {
    String access = rule.access();
    if (access == null) {
      throw new CgroupException("limit devices: a rule without an access", place);
    }
    int bits = 0;
    for (int i = 0; i < access.length(); i++) {
      bits |=
          switch (access.charAt(i)) {
            case 'r' -> READ;
            case 'w' -> WRITE;
            case 'm' -> MKNOD;
            default ->
                throw new CgroupException(
                    "limit devices: access \"" + access + "\" is not made of r, w and m", place);
          };
    }
    DeviceRule.Type type = rule.type();
    int kind =
        type == null
            ? ANY
            : switch (type) {
              case ALL -> ANY;
              case CHARACTER -> CHAR;
              case BLOCK -> BLOCK;
            };
    return new Rule(
        rule.allow(),
        kind,
        number(rule.major(), "major", place),
        number(rule.minor(), "minor", place),
        bits);
  }

  private static long number(@Nullable Long number, String name, String place) {
    if (number == null) {
      return ANY;
    }
    if (number < ANY || number > 0xffffffffL) {
      throw new CgroupException(
          "limit devices: " + name + " number " + number + " is out of range", place);
    }
    return number;
  }

  /**
   * From the last rule to the first, with what is still asked for in r3: a rule that denies any of
   * it ends in 0; one that allows takes away what it allows, and ends in 1 when nothing is left.
   */
  private static byte[] assemble(List<Rule> rules) {
    Code code = new Code();
    code.loadWord(2, 1, CTX_ACCESS_TYPE);
    code.add(Constants.BPF_ALU64 | Constants.BPF_MOV | Constants.BPF_X, 3, 2, 0, 0);
    code.add(Constants.BPF_ALU | Constants.BPF_AND, 2, 0, 0, 0xffff);
    code.add(Constants.BPF_ALU | Constants.BPF_RSH, 3, 0, 0, 16);
    code.loadWord(4, 1, CTX_MAJOR);
    code.loadWord(5, 1, CTX_MINOR);
    boolean open = true;
    for (int i = rules.size() - 1; i >= 0 && open; i--) {
      Rule rule = rules.get(i);
      if (rule.access == 0) {
        continue;
      }
      if (rule.type != ANY) {
        code.unless(2, rule.type);
      }
      if (rule.major != ANY) {
        code.unless(4, (int) rule.major);
      }
      if (rule.minor != ANY) {
        code.unless(5, (int) rule.minor);
      }
      if (rule.allow) {
        if (rule.access != ALL) {
          code.add(Constants.BPF_ALU | Constants.BPF_AND, 3, 0, 0, ~rule.access);
          code.unless(3, 0);
        }
        code.answer(1);
      } else {
        if (rule.access != ALL) {
          code.add(Constants.BPF_JMP32 | Constants.BPF_JSET, 3, 0, 1, rule.access);
          code.skip();
        }
        code.answer(0);
      }
      code.bindNext();
      open = !(rule.matchesEverything() && rule.access == ALL);
    }
    if (open) {
      code.answer(0);
    }
    return code.bytes();
  }

  /** The program's instructions, eight bytes each. */
  byte[] code() {
    return code.clone();
  }

  /** Whether every device may be used in every way, so that no program is attached. */
  public boolean allowsEverything() {
    return everything;
  }

  /**
   * Attaches the filter to a cgroup, in place of all that are attached to it. The only one that is
   * there is replaced atomically; of several, all apply until the last of them is detached. A
   * filter that allows everything is none: what is there is detached. It stays until it is replaced
   * or the cgroup is removed. Filters of cgroups above apply as well.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   */
  public void attach(ProgramBuilder b, Slot cgroup) {
    b.step("limit devices", PLACE);
    Data ids = b.buffer("program ids", 4 * MOST_ATTACHED);
    Data query =
        b.variable("bpf_attr", Structs.SIZEOF_BPF_ATTR)
            .u32(Structs.BPF_ATTR_QUERY_ATTACH_TYPE, Constants.BPF_CGROUP_DEVICE)
            .address(Structs.BPF_ATTR_QUERY_PROG_IDS, ids.address())
            .u32(Structs.BPF_ATTR_QUERY_PROG_CNT, MOST_ATTACHED);
    b.store(4, query.address(), imm(Structs.BPF_ATTR_QUERY_TARGET_FD), cgroup);
    // A record may run twice, and the kernel puts the count where the room was.
    b.store(4, query.address(), imm(Structs.BPF_ATTR_QUERY_PROG_CNT), imm(MOST_ATTACHED));
    bpf(b, Constants.BPF_PROG_QUERY, query);
    Slot count = b.slot("attached before");
    b.load(4, count, query.address(), imm(Structs.BPF_ATTR_QUERY_PROG_CNT));
    Slot at = b.slot("program id");
    Slot old = b.fd("older filter", null);
    b.set(at, ids.address());
    Data byId = b.variable("bpf_attr", Structs.SIZEOF_BPF_ATTR);
    Label done = b.label("filtered");
    if (!everything) {
      Data instructions = b.constant("device filter", code.length).put(0, code);
      Data load =
          b.constant("bpf_attr", Structs.SIZEOF_BPF_ATTR)
              .u32(Structs.BPF_ATTR_PROG_TYPE, Constants.BPF_PROG_TYPE_CGROUP_DEVICE)
              .u32(Structs.BPF_ATTR_INSN_CNT, code.length / Structs.SIZEOF_BPF_INSN)
              .address(Structs.BPF_ATTR_INSNS, instructions.address())
              .address(Structs.BPF_ATTR_LICENSE, b.string("Apache-2.0"))
              .put(Structs.BPF_ATTR_PROG_NAME, new byte[] {'g', 'a', 't', 'u', 'n'});
      Slot program = b.fd("device filter", null);
      b.sys(Syscall.BPF, imm(Constants.BPF_PROG_LOAD), load.address(), imm(Structs.SIZEOF_BPF_ATTR))
          .into(program);
      Label several = b.label("not one older filter");
      b.branch(Op.Condition.NE, count, imm(1), several);
      open(b, byId, at, old);
      Data replace =
          b.variable("bpf_attr", Structs.SIZEOF_BPF_ATTR)
              .u32(Structs.BPF_ATTR_ATTACH_TYPE, Constants.BPF_CGROUP_DEVICE)
              .u32(
                  Structs.BPF_ATTR_ATTACH_FLAGS,
                  Constants.BPF_F_ALLOW_MULTI | Constants.BPF_F_REPLACE);
      b.store(4, replace.address(), imm(Structs.BPF_ATTR_TARGET_FD), cgroup);
      b.store(4, replace.address(), imm(Structs.BPF_ATTR_ATTACH_BPF_FD), program);
      b.store(4, replace.address(), imm(Structs.BPF_ATTR_REPLACE_BPF_FD), old);
      bpf(b, Constants.BPF_PROG_ATTACH, replace);
      Idioms.close(b, old);
      Idioms.close(b, program);
      b.jump(done);
      b.bind(several);
      attachOrDetach(b, Constants.BPF_PROG_ATTACH, cgroup, program);
      Idioms.close(b, program);
    }
    b.branch(Op.Condition.EQ, count, imm(0), done);
    Label next = b.loop("older filter");
    open(b, byId, at, old);
    attachOrDetach(b, Constants.BPF_PROG_DETACH, cgroup, old);
    Idioms.close(b, old);
    b.alu(Op.Function.ADD, at, at, imm(4));
    b.alu(Op.Function.SUB, count, count, imm(1));
    b.branch(Op.Condition.NE, count, imm(0), next);
    b.bind(done);
  }

  /** Opens the program whose id is at an address. */
  private static void open(ProgramBuilder b, Data byId, Slot at, Slot into) {
    Slot id = b.slot("id");
    b.load(4, id, at, imm(0));
    b.store(4, byId.address(), imm(Structs.BPF_ATTR_PROG_ID), id);
    bpf(b, Constants.BPF_PROG_GET_FD_BY_ID, byId).into(into);
  }

  private static void attachOrDetach(ProgramBuilder b, int command, Slot cgroup, Slot program) {
    Data attr =
        b.variable("bpf_attr", Structs.SIZEOF_BPF_ATTR)
            .u32(Structs.BPF_ATTR_ATTACH_TYPE, Constants.BPF_CGROUP_DEVICE)
            .u32(
                Structs.BPF_ATTR_ATTACH_FLAGS,
                command == Constants.BPF_PROG_ATTACH ? Constants.BPF_F_ALLOW_MULTI : 0);
    b.store(4, attr.address(), imm(Structs.BPF_ATTR_TARGET_FD), cgroup);
    b.store(4, attr.address(), imm(Structs.BPF_ATTR_ATTACH_BPF_FD), program);
    bpf(b, command, attr);
  }

  private static Instruction bpf(ProgramBuilder b, int command, Data attr) {
    return b.sys(Syscall.BPF, imm(command), attr.address(), imm(Structs.SIZEOF_BPF_ATTR));
  }

  /** Instructions of eBPF, with jumps to the next rule that are filled in when it begins. */
  private static final class Code {
    private byte[] bytes = new byte[1024];
    private int length;
    private final int[] jumps = new int[8];
    private int jumpCount;

    void add(int opcode, int target, int source, int offset, int immediate) {
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * length);
      }
      bytes[length] = (byte) opcode;
      bytes[length + 1] = (byte) (target | (source << 4));
      bytes[length + Structs.BPF_INSN_OFF] = (byte) offset;
      bytes[length + Structs.BPF_INSN_OFF + 1] = (byte) (offset >>> 8);
      for (int i = 0; i < 4; i++) {
        bytes[length + Structs.BPF_INSN_IMM + i] = (byte) (immediate >>> (8 * i));
      }
      length += Structs.SIZEOF_BPF_INSN;
    }

    void loadWord(int target, int base, int offset) {
      add(Constants.BPF_LDX | Constants.BPF_MEM | Constants.BPF_W, target, base, offset, 0);
    }

    /** To the next rule unless a register holds a number. */
    void unless(int register, int number) {
      jumps[jumpCount++] = length;
      add(Constants.BPF_JMP32 | Constants.BPF_JNE, register, 0, 0, number);
    }

    /** To the next rule. */
    void skip() {
      jumps[jumpCount++] = length;
      add(Constants.BPF_JMP | Constants.BPF_JA, 0, 0, 0, 0);
    }

    void answer(int value) {
      add(Constants.BPF_ALU64 | Constants.BPF_MOV, 0, 0, 0, value);
      add(Constants.BPF_JMP | Constants.BPF_EXIT, 0, 0, 0, 0);
    }

    void bindNext() {
      for (int i = 0; i < jumpCount; i++) {
        int distance = (length - jumps[i]) / Structs.SIZEOF_BPF_INSN - 1;
        bytes[jumps[i] + Structs.BPF_INSN_OFF] = (byte) distance;
        bytes[jumps[i] + Structs.BPF_INSN_OFF + 1] = (byte) (distance >>> 8);
      }
      jumpCount = 0;
    }

    byte[] bytes() {
      return Arrays.copyOf(bytes, length);
    }
  }
}
