package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Capabilities;
import dev.gatun.oci.Capability;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The five capability sets, capabilities(7). All of them are always written, so that nothing is
 * inherited from the caller (CVE-2022-27650); a configuration without capabilities asks for none.
 *
 * <p>What cannot be granted is left out and told, as runtime-spec 1.3 wants it: what a
 * configuration contradicts itself about as a warning when it is compiled, what the runtime does
 * not have itself in a slot when the program runs.
 */
final class CapabilitySets {
  /** Room for more capabilities than any kernel has. */
  private static final int BITS = 64;

  private static final long LOW = 0xffff_ffffL;

  private final ProgramBuilder b;
  private final String place;
  private final long bounding;
  private final long permitted;
  private final long effective;
  private final long inheritable;
  private final long ambient;

  /**
   * The sets of a configuration.
   *
   * @param b the program
   * @param capabilities the configuration's, null for none
   * @param place the JSON pointer of the object
   * @param warnings takes what cannot be granted
   */
  CapabilitySets(
      ProgramBuilder b, @Nullable Capabilities capabilities, String place, List<String> warnings) {
    this.b = b;
    this.place = place;
    if (capabilities == null) {
      bounding = 0;
      permitted = 0;
      effective = 0;
      inheritable = 0;
      ambient = 0;
      return;
    }
    bounding = mask(capabilities.bounding());
    permitted = mask(capabilities.permitted());
    effective =
        grantable(warnings, "effective", mask(capabilities.effective()), permitted, "permitted");
    inheritable =
        grantable(warnings, "inheritable", mask(capabilities.inheritable()), bounding, "bounding");
    ambient =
        grantable(
            warnings,
            "ambient",
            mask(capabilities.ambient()),
            permitted & inheritable,
            "permitted and inheritable");
  }

  private static long mask(List<Capability> capabilities) {
    long mask = 0;
    for (int i = 0; i < capabilities.size(); i++) {
      mask |= 1L << capabilities.get(i).number();
    }
    return mask;
  }

  private long grantable(List<String> warnings, String set, long wanted, long within, String name) {
    long without = wanted & ~within;
    if (without != 0) {
      warnings.add(
          "capabilities that are "
              + set
              + " but not "
              + name
              + " cannot be granted: "
              + names(without)
              + " [config.json "
              + place
              + "/"
              + set
              + "]");
    }
    return wanted & within;
  }

  /**
   * The names of capabilities.
   *
   * @param mask a bit for each
   * @return the names with commas between them
   */
  static String names(long mask) {
    StringBuilder out = new StringBuilder();
    for (Capability capability : Capability.values()) {
      if ((mask >>> capability.number() & 1) != 0) {
        if (!out.isEmpty()) {
          out.append(", ");
        }
        out.append(capability.name());
      }
    }
    return out.toString();
  }

  /** Drops what the bounding set does not keep, up to the kernel's last capability. */
  void dropBounding() {
    b.step(
        bounding == 0 ? "bounding set: empty" : "bounding set: " + names(bounding),
        place + "/bounding");
    Slot number = b.slot("capability");
    Slot kept = b.slot("kept");
    Label done = b.label("no more capabilities");
    Label keep = b.label("keep");
    b.set(number, imm(0));
    Label next = b.loop("next capability");
    b.alu(Function.SHR, kept, imm(bounding), number);
    b.branch(Condition.TEST, kept, imm(1), keep);
    b.sys(Syscall.PRCTL, imm(Constants.PR_CAPBSET_DROP), number, imm(0), imm(0), imm(0))
        .tolerate(Errno.EINVAL, done);
    b.bind(keep);
    b.alu(Function.ADD, number, number, imm(1));
    b.branch(Condition.LTU, number, imm(BITS), next);
    b.bind(done);
  }

  /**
   * Writes permitted, effective, inheritable and ambient sets, as far as the process has what is
   * wanted.
   *
   * @param ungranted takes the wanted permitted capabilities that it does not have
   */
  void write(Slot ungranted) {
    b.step(permitted == 0 ? "capabilities: none" : "capabilities: " + names(permitted), place);
    Data header =
        b.variable("cap_user_header", Structs.SIZEOF_USER_CAP_HEADER_STRUCT)
            .u32(Structs.USER_CAP_HEADER_STRUCT_VERSION, Constants._LINUX_CAPABILITY_VERSION_3);
    Data sets =
        b.buffer(
            "cap_user_data",
            Structs.SIZEOF_USER_CAP_DATA_STRUCT * Constants._LINUX_CAPABILITY_U32S_3);
    b.set(ungranted, imm(0));
    if ((permitted | inheritable) != 0) {
      b.sys(Syscall.CAPGET, header.address(), sets.address());
      Slot has = b.slot("has");
      Slot gets = b.slot("gets");
      half(sets, 0, 0, has, gets, ungranted);
      half(sets, Structs.SIZEOF_USER_CAP_DATA_STRUCT, 32, has, gets, ungranted);
    }
    b.sys(Syscall.CAPSET, header.address(), sets.address());
    b.step(
        ambient == 0 ? "ambient set: empty" : "ambient set: " + names(ambient), place + "/ambient");
    b.sys(
        Syscall.PRCTL,
        imm(Constants.PR_CAP_AMBIENT),
        imm(Constants.PR_CAP_AMBIENT_CLEAR_ALL),
        imm(0),
        imm(0),
        imm(0));
    for (int i = 0; i < BITS; i++) {
      if ((ambient >>> i & 1) != 0) {
        // EPERM: not permitted to this process either, which the slot tells.
        b.sys(
                Syscall.PRCTL,
                imm(Constants.PR_CAP_AMBIENT),
                imm(Constants.PR_CAP_AMBIENT_RAISE),
                imm(i),
                imm(0),
                imm(0))
            .tolerate(Errno.EPERM);
      }
    }
  }

  private void half(Data sets, int at, int shift, Slot has, Slot gets, Slot ungranted) {
    long wanted = permitted >>> shift & LOW;
    b.load(4, has, sets.address(), imm(at + Structs.USER_CAP_DATA_STRUCT_PERMITTED));
    store(sets, at + Structs.USER_CAP_DATA_STRUCT_PERMITTED, wanted, has, gets);
    if (wanted != 0) {
      b.alu(Function.SUB, gets, imm(wanted), gets);
      b.alu(Function.SHL, gets, gets, imm(shift));
      b.alu(Function.OR, ungranted, ungranted, gets);
    }
    store(sets, at + Structs.USER_CAP_DATA_STRUCT_EFFECTIVE, effective >>> shift & LOW, has, gets);
    store(
        sets,
        at + Structs.USER_CAP_DATA_STRUCT_INHERITABLE,
        inheritable >>> shift & LOW,
        has,
        gets);
  }

  private void store(Data sets, int at, long wanted, Slot has, Slot gets) {
    Arg value = imm(0);
    if (wanted != 0) {
      b.alu(Function.AND, gets, has, imm(wanted));
      value = gets;
    }
    b.store(4, sets.address(), imm(at), value);
  }
}
