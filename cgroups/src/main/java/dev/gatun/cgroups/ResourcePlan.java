package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Resources;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code linux.resources} as what is written to which file of cgroup v2, in order, each with the
 * place in {@code config.json} that asks for it. Device rules are {@link DeviceFilter}'s.
 *
 * <p>What cgroup v2 has no file for is refused, unless the value asks for what version 2 does
 * anyway. An absent value, and 0 where runc takes it for absent, writes nothing.
 */
public final class ResourcePlan {
  private static final String PLACE = "/linux/resources";
  private static final long DEFAULT_PERIOD = 100_000;
  private static final int NUMBER = 32;

  /**
   * One write.
   *
   * @param file the file's name in the cgroup's directory
   * @param value what is written, never empty
   * @param place the JSON pointer that asks for it
   * @param optional whether a missing file is no error
   * @param otherwise what is written instead when the file is missing, or null
   */
  public record Write(
      String file, String value, String place, boolean optional, @Nullable Write otherwise) {
    /** Checks that something is written. */
    public Write {
      if (value.isEmpty()) {
        throw new IllegalArgumentException("nothing to write to " + file);
      }
    }
  }

  private final CgroupRoot root;
  private final boolean located;
  private final List<Write> writes = new ArrayList<>();
  private final List<Write> late = new ArrayList<>(1);
  private final List<String> controllers = new ArrayList<>(8);
  private final List<String> places = new ArrayList<>(8);
  private long checkedLimit = -1;

  private ResourcePlan(CgroupRoot root, boolean located) {
    this.root = root;
    this.located = located;
  }

  /**
   * Plans the writes.
   *
   * @param resources {@code linux.resources}, or null
   * @param root where cgroup v2 is, and which controllers it does not have
   * @return the plan
   * @throws CgroupException if something is malformed, cannot be had in cgroup v2, or needs a
   *     controller that is bound to version 1
   */
  public static ResourcePlan of(@Nullable Resources resources, CgroupRoot root) {
    return of(resources, root, true);
  }

  /**
   * Plans the writes for resources that are not those of {@code config.json}: no place in it is
   * named by what fails.
   *
   * @param resources what is to be changed; what is absent stays as it is
   * @param root where cgroup v2 is, and which controllers it does not have
   * @return the plan
   * @throws CgroupException as of {@link #of}; its {@link CgroupException#problem} says all
   */
  public static ResourcePlan ofUpdate(Resources resources, CgroupRoot root) {
    return of(resources, root, false);
  }

  private static ResourcePlan of(@Nullable Resources resources, CgroupRoot root, boolean located) {
    ResourcePlan plan = new ResourcePlan(root, located);
    if (resources != null) {
      plan.pids(resources.pids());
      plan.memory(resources.memory());
      plan.io(resources.blockIO());
      plan.cpu(resources.cpu());
      plan.hugetlb(resources.hugepageLimits());
      plan.rdma(resources.rdma());
      plan.network(resources.network());
      plan.unified(resources.unified());
      if (root.mountPoint() == null && !plan.controllers.isEmpty()) {
        throw new CgroupException(
            "limit "
                + plan.controllers.getFirst()
                + ": no cgroup2 file system is mounted; mount one at "
                + CgroupRoot.UNIFIED,
            plan.places.getFirst());
      }
    }
    return plan;
  }

  /** The writes, in order, without those of {@link #late}. */
  public List<Write> writes() {
    return List.copyOf(writes);
  }

  /** The writes that would keep a process from being born in the cgroup: {@code pids.max} 0. */
  public List<Write> late() {
    return List.copyOf(late);
  }

  /** The controllers that the writes need, each once. */
  public List<String> controllers() {
    return List.copyOf(controllers);
  }

  /** Where {@code config.json} first asks for a controller, in the order of them. */
  String place(int controller) {
    return at(places.get(controller));
  }

  private String at(String place) {
    return located ? place : "";
  }

  /**
   * Adds the writes to a program. The controllers have to be enabled: {@link
   * CgroupDirectory#enable}.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   */
  public void apply(ProgramBuilder b, Slot cgroup) {
    if (checkedLimit >= 0) {
      checkUsage(b, cgroup);
    }
    for (Write write : writes) {
      write(b, cgroup, write);
    }
  }

  /**
   * Adds the {@link #late} writes, for when the container's first process is in the cgroup.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   */
  public void applyLate(ProgramBuilder b, Slot cgroup) {
    for (Write write : late) {
      write(b, cgroup, write);
    }
  }

  private void write(ProgramBuilder b, Slot cgroup, Write write) {
    b.step("set " + write.file + " to \"" + write.value + "\"", at(write.place));
    Slot fd = b.fd("control file", write.file);
    Write otherwise = write.otherwise;
    Label missing = b.label("no " + write.file);
    Label done = b.label("written");
    Instruction open =
        b.sys(
                Syscall.OPENAT,
                cgroup,
                b.string(write.file),
                imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
                imm(0))
            .into(fd);
    if (otherwise != null) {
      open.tolerate(Errno.ENOENT, missing);
      b.outOfLine(() -> {
        b.bind(missing);
        write(b, cgroup, otherwise);
        b.jump(done);
      });
    } else if (write.optional) {
      open.tolerate(Errno.ENOENT, done);
    }
    byte[] value = write.value.getBytes(StandardCharsets.UTF_8);
    // One call: a control file takes each write as a whole.
    b.sys(Syscall.WRITE, fd, b.string(write.value), imm(value.length));
    Idioms.close(b, fd);
    b.bind(done);
  }

  /** Fails with EBUSY when more memory is in use than will be allowed: checkBeforeUpdate. */
  private void checkUsage(ProgramBuilder b, Slot cgroup) {
    b.step("compare memory.current with the new limit", at(PLACE + "/memory/checkBeforeUpdate"));
    Slot fd = b.fd("control file", "memory.current");
    Data text = b.buffer("memory.current", NUMBER);
    Slot at = b.slot("at");
    Slot digit = b.slot("digit");
    Slot usage = b.slot("usage");
    Slot tens = b.slot("tens");
    b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string("memory.current"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
    b.sys(Syscall.PREAD64, fd, text.address(), imm(NUMBER - 1), imm(0));
    Idioms.close(b, fd);
    b.set(at, text.address());
    b.set(usage, imm(0));
    Label next = b.loop("next digit");
    Label end = b.label("number read");
    b.load(1, digit, at, imm(0));
    b.alu(Op.Function.SUB, digit, digit, imm('0'));
    b.branch(Op.Condition.LTU, imm(9), digit, end);
    b.alu(Op.Function.SHL, tens, usage, imm(3));
    b.alu(Op.Function.ADD, tens, tens, usage);
    b.alu(Op.Function.ADD, tens, tens, usage);
    b.alu(Op.Function.ADD, usage, tens, digit);
    b.alu(Op.Function.ADD, at, at, imm(1));
    b.jump(next);
    b.bind(end);
    Label fits = b.label("fits");
    b.branch(Op.Condition.LTU, usage, imm(checkedLimit + 1), fits);
    b.step("memory.max would be below memory.current", at(PLACE + "/memory/limit"));
    b.fail(Errno.EBUSY);
    b.bind(fits);
  }

  // --- what each part of the config means

  private void pids(Resources.@Nullable Pids pids) {
    Long limit = pids == null ? null : pids.limit();
    if (limit == null) {
      return;
    }
    String place = PLACE + "/pids/limit";
    if (limit < 0 && root.isLegacy("pids")) {
      // No limit is what a new cgroup has; podman always says so.
      return;
    }
    need("pids", place);
    if (limit == 0) {
      late.add(new Write("pids.max", "0", place, false, null));
    } else {
      add("pids.max", number(limit, place), place);
    }
  }

  private void memory(Resources.@Nullable Memory memory) {
    if (memory == null) {
      return;
    }
    String place = PLACE + "/memory";
    absent(memory.kernel(), "a limit of kernel memory", place + "/kernel");
    absent(memory.kernelTCP(), "a limit of TCP buffers", place + "/kernelTCP");
    Long swappiness = memory.swappiness();
    if (swappiness != null) {
      throw refuse("swappiness of a cgroup", place + "/swappiness");
    }
    if (Boolean.TRUE.equals(memory.disableOOMKiller())) {
      throw refuse("a cgroup without the OOM killer", place + "/disableOOMKiller");
    }
    if (Boolean.FALSE.equals(memory.useHierarchy())) {
      throw refuse("accounting without hierarchy", place + "/useHierarchy");
    }
    long limit = orZero(memory.limit());
    long swap = orZero(memory.swap());
    long reservation = orZero(memory.reservation());
    if (limit == 0 && swap == 0 && reservation == 0) {
      return;
    }
    need("memory", place);
    String swapPlace = place + "/swap";
    if (swap > 0) {
      if (limit <= 0) {
        throw new CgroupException("limit swap: it needs a limit of memory beside it", swapPlace);
      }
      if (swap < limit) {
        throw new CgroupException(
            "limit swap: " + swap + " is memory and swap together, less than memory's " + limit,
            swapPlace);
      }
      swap("" + (swap - limit), swapPlace, swap == limit);
    } else if (swap < 0 || limit == -1) {
      swap(
          number(swap == 0 ? -1 : swap, swapPlace), swap == 0 ? place + "/limit" : swapPlace, true);
    }
    if (limit != 0) {
      add("memory.max", number(limit, place + "/limit"), place + "/limit");
    }
    if (reservation != 0) {
      add("memory.low", number(reservation, place + "/reservation"), place + "/reservation");
    }
    add("memory.oom.group", "1", place);
    if (Boolean.TRUE.equals(memory.checkBeforeUpdate()) && limit > 0) {
      checkedLimit = limit;
    }
  }

  /** Without swap accounting there is no file, and neither none nor all of it needs one. */
  private void swap(String value, String place, boolean optional) {
    writes.add(new Write("memory.swap.max", value, place, optional, null));
  }

  private void io(Resources.@Nullable BlockIo io) {
    if (io == null) {
      return;
    }
    String place = PLACE + "/blockIO";
    absent(io.leafWeight(), "a leaf weight", place + "/leafWeight");
    Integer weight = io.weight();
    if (weight != null && weight != 0) {
      weight("", weight, place + "/weight");
    }
    for (int i = 0; i < io.weightDevice().size(); i++) {
      Resources.WeightDevice device = io.weightDevice().get(i);
      String here = place + "/weightDevice/" + i;
      absent(device.leafWeight(), "a leaf weight", here + "/leafWeight");
      Integer own = device.weight();
      if (own != null && own != 0) {
        weight(device.major() + ":" + device.minor() + " ", own, here);
      }
    }
    throttle(io.throttleReadBpsDevice(), "rbps", place + "/throttleReadBpsDevice");
    throttle(io.throttleWriteBpsDevice(), "wbps", place + "/throttleWriteBpsDevice");
    throttle(io.throttleReadIOPSDevice(), "riops", place + "/throttleReadIOPSDevice");
    throttle(io.throttleWriteIOPSDevice(), "wiops", place + "/throttleWriteIOPSDevice");
  }

  /** The scheduler bfq has a file of its own; the one of the cost model counts to 10000. */
  private void weight(String device, int weight, String place) {
    if (weight < 10 || weight > 1000) {
      throw new CgroupException("limit io: weight " + weight + " is not 10 to 1000", place);
    }
    need("io", place);
    long scaled = 1 + (weight - 10) * 9999L / 990;
    String before = device.isEmpty() ? "default " : device;
    writes.add(
        new Write(
            "io.bfq.weight",
            device + weight,
            place,
            false,
            new Write("io.weight", before + scaled, place, false, null)));
  }

  private void throttle(List<Resources.ThrottleDevice> devices, String key, String place) {
    for (int i = 0; i < devices.size(); i++) {
      Resources.ThrottleDevice device = devices.get(i);
      String here = place + "/" + i;
      need("io", here);
      String rate = device.rate() == 0 ? "max" : Long.toUnsignedString(device.rate());
      add("io.max", device.major() + ":" + device.minor() + " " + key + "=" + rate, here);
    }
  }

  private void cpu(Resources.@Nullable Cpu cpu) {
    if (cpu == null) {
      return;
    }
    String place = PLACE + "/cpu";
    absent(cpu.realtimeRuntime(), "real-time run time", place + "/realtimeRuntime");
    absent(cpu.realtimePeriod(), "a real-time period", place + "/realtimePeriod");
    Long idle = cpu.idle();
    if (idle != null) {
      if (idle != 0 && idle != 1) {
        throw new CgroupException(
            "limit cpu: idle " + idle + " is neither 0 nor 1", place + "/idle");
      }
      need("cpu", place + "/idle");
      add("cpu.idle", "" + idle, place + "/idle");
    }
    Long shares = cpu.shares();
    // The kernel refuses a weight while the cgroup is idle, where it would mean nothing.
    if (shares != null && shares != 0 && (idle == null || idle == 0)) {
      need("cpu", place + "/shares");
      add("cpu.weight", "" + weight(shares), place + "/shares");
    }
    long quota = orZero(cpu.quota());
    long period = orZero(cpu.period());
    Long burst = cpu.burst();
    if (burst != null) {
      need("cpu", place + "/burst");
      // A burst above the new quota would make the kernel refuse that.
      add("cpu.max.burst", "0", place + "/burst");
    }
    if (quota != 0 || period != 0) {
      String here = place + (quota != 0 ? "/quota" : "/period");
      need("cpu", here);
      String time = quota > 0 ? "" + quota : "max";
      String length = Long.toUnsignedString(period == 0 ? DEFAULT_PERIOD : period);
      add("cpu.max", time + " " + length, here);
    }
    if (burst != null && burst != 0) {
      add("cpu.max.burst", Long.toUnsignedString(burst), place + "/burst");
    }
    cpuset("cpuset.cpus", cpu.cpus(), place + "/cpus");
    cpuset("cpuset.mems", cpu.mems(), place + "/mems");
  }

  private void cpuset(String file, @Nullable String list, String place) {
    if (list != null && !list.isEmpty()) {
      need("cpuset", place);
      add(file, list, place);
    }
  }

  /**
   * The weight of cgroup v2 for shares of version 1, by the formula that the runtimes share since
   * 2025: 1024 shares, the default, are 100, the default.
   *
   * @param shares at least 1, unsigned
   * @return 1 to 10000
   */
  static long weight(long shares) {
    if (Long.compareUnsigned(shares, 2) <= 0) {
      return 1;
    }
    if (Long.compareUnsigned(shares, 262_144) >= 0) {
      return 10_000;
    }
    double l = Math.log((double) shares) / Math.log(2);
    double exponent = (l * l + 125 * l) / 612 - 7.0 / 34;
    // A hair above a whole number, by rounding, is that number.
    return (long) Math.ceil(Math.pow(10, exponent) - 1e-9);
  }

  private void hugetlb(List<Resources.HugepageLimit> limits) {
    for (int i = 0; i < limits.size(); i++) {
      Resources.HugepageLimit limit = limits.get(i);
      String place = PLACE + "/hugepageLimits/" + i;
      String size = limit.pageSize();
      int digits = 0;
      while (digits < size.length() && size.charAt(digits) >= '0' && size.charAt(digits) <= '9') {
        digits++;
      }
      String unit = size.substring(digits);
      if (digits == 0 || !(unit.equals("KB") || unit.equals("MB") || unit.equals("GB"))) {
        throw new CgroupException(
            "limit hugetlb: \"" + printable(size) + "\" is no page size", place);
      }
      need("hugetlb", place);
      String value = Long.toUnsignedString(limit.limit());
      // Reservations are counted apart; a kernel that does not do so lacks the file.
      writes.add(new Write("hugetlb." + size + ".rsvd.max", value, place, true, null));
      add("hugetlb." + size + ".max", value, place);
    }
  }

  private void rdma(Map<String, Resources.Rdma> devices) {
    for (Map.Entry<String, Resources.Rdma> entry : devices.entrySet()) {
      String place = PLACE + "/rdma/" + pointer(entry.getKey());
      Long handles = entry.getValue().hcaHandles();
      Long objects = entry.getValue().hcaObjects();
      if (handles == null && objects == null) {
        continue;
      }
      need("rdma", place);
      StringBuilder value = new StringBuilder(name(entry.getKey(), "an RDMA device", place));
      if (handles != null) {
        value.append(" hca_handle=").append(handles);
      }
      if (objects != null) {
        value.append(" hca_object=").append(objects);
      }
      add("rdma.max", value.toString(), place);
    }
  }

  private void network(Resources.@Nullable Network network) {
    if (network == null) {
      return;
    }
    absent(network.classID(), "a network class", PLACE + "/network/classID");
    if (!network.priorities().isEmpty()) {
      throw refuse("network priorities", PLACE + "/network/priorities");
    }
  }

  private void unified(Map<String, String> files) {
    for (Map.Entry<String, String> entry : files.entrySet()) {
      String file = entry.getKey();
      String place = PLACE + "/unified/" + pointer(file);
      int dot = name(file, "a file of a cgroup", place).indexOf('.');
      if (dot <= 0) {
        throw new CgroupException(
            "set \"" + printable(file) + "\": it is not named CONTROLLER.FILE", place);
      }
      switch (file) {
        case "cgroup.procs",
            "cgroup.threads",
            "cgroup.type",
            "cgroup.subtree_control",
            "cgroup.kill",
            "cgroup.freeze" ->
            throw new CgroupException("set " + file + ": it is the runtime's own", place);
        default -> {
          // An ordinary file.
        }
      }
      String controller = file.substring(0, dot);
      if (!controller.equals("cgroup")) {
        need(controller, place);
      }
      if (entry.getValue().isEmpty()) {
        throw new CgroupException("set " + file + ": the value is empty", place);
      }
      int from = 0;
      String value = entry.getValue();
      while (from < value.length()) {
        int end = value.indexOf('\n', from);
        end = end < 0 ? value.length() : end;
        if (end > from) {
          add(file, value.substring(from, end), place);
        }
        from = end + 1;
      }
    }
  }

  // --- parts of them

  private void add(String file, String value, String place) {
    writes.add(new Write(file, value, place, false, null));
  }

  private void need(String controller, String place) {
    if (root.isLegacy(controller.equals("io") ? "blkio" : controller)) {
      throw new CgroupException(
          "limit "
              + controller
              + ": the controller is bound to cgroup v1; boot with cgroup_no_v1="
              + (controller.equals("io") ? "blkio" : controller)
              + " or systemd.unified_cgroup_hierarchy=1 to have it in cgroup v2",
          place);
    }
    if (!controllers.contains(controller)) {
      controllers.add(controller);
      places.add(place);
    }
  }

  private static String number(long number, String place) {
    if (number < -1) {
      throw new CgroupException("set a limit: " + number + " is less than -1", place);
    }
    return number == -1 ? "max" : "" + number;
  }

  private static long orZero(@Nullable Long number) {
    return number == null ? 0 : number;
  }

  private static void absent(@Nullable Number number, String what, String place) {
    if (number != null && number.longValue() != 0 && number.longValue() != -1) {
      throw refuse(what, place);
    }
  }

  private static CgroupException refuse(String what, String place) {
    return new CgroupException("limit resources: cgroup v2 has no such thing as " + what, place);
  }

  private static String name(String name, String what, String place) {
    boolean bad = name.isEmpty() || name.equals(".") || name.equals("..");
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      bad |= c == '/' || c <= ' ' || c == 0x7f;
    }
    if (bad) {
      throw new CgroupException(
          "limit resources: \"" + printable(name) + "\" is no name of " + what, place);
    }
    return name;
  }

  private static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length() && i < 256; i++) {
      char c = text.charAt(i);
      out.append(c < ' ' || c == 0x7f ? '?' : c);
    }
    return out.toString();
  }

  private static String pointer(String key) {
    return printable(key).replace("~", "~0").replace("/", "~1");
  }
}
