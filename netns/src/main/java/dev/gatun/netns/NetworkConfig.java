package dev.gatun.netns;

import static dev.gatun.linux.program.Arg.imm;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.JsonInput;
import dev.gatun.oci.SpecException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How pods are connected: {@code network.json}.
 *
 * <pre>{@code
 * {"bridge": "gatun0", "ipv4": "10.207.0.0/16", "ipv6": "fd67:6174:756e::/64",
 *  "mtu": 1500, "masquerade": true}
 * }</pre>
 *
 * <p>What is missing has the value shown. A range that is {@code null} means that pods get no
 * address of that family; one of them is needed.
 *
 * @param bridge the name of the bridge that pods are attached to
 * @param ipv4 the range of pods' IPv4 addresses, or null
 * @param ipv6 the range of pods' IPv6 addresses, or null
 * @param mtu the largest packet, in bytes
 * @param masquerade whether pods reach the world under the host's addresses
 */
public record NetworkConfig(
    String bridge, @Nullable Subnet ipv4, @Nullable Subnet ipv6, int mtu, boolean masquerade) {

  /** Where the file is if no other is named. */
  public static final String PATH = "/etc/gatun/network.json";

  /** What pods get where there is no file. */
  public static final NetworkConfig DEFAULT =
      new NetworkConfig(
          "gatun0", Subnet.parse("10.207.0.0/16"), Subnet.parse("fd67:6174:756e::/64"), 1500, true);

  private static final String INTERFACES_IPV6 = "/proc/sys/net/ipv6/conf/";

  private static final int MAX_FILE_BYTES = 64 << 10;

  /** IFNAMSIZ, its NUL included. */
  private static final int MAX_NAME_BYTES = 15;

  /** RFC 791: every link carries as much. */
  private static final int MIN_MTU = 68;

  private static final int MAX_MTU = 65_535;

  /** RFC 8200 section 5; with less, the kernel switches IPv6 off on the interface. */
  private static final int MIN_IPV6_MTU = 1280;

  /** Ranges that no host has addresses of; each with its name. */
  private static final String[][] NOT_FOR_HOSTS = {
    {"0.0.0.0/8", "this network"},
    {"127.0.0.0/8", "loopback"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "reserved"},
    {"::/96", "loopback"},
    {"::ffff:0.0.0.0/96", "IPv4 addresses"},
    {"fe80::/10", "link-local addresses"},
    {"ff00::/8", "multicast"},
  };

  /**
   * Reads the file, in one exchange, and in two if it names another bridge but no IPv6 range. Where
   * the kernel has no IPv6, or it is turned off on the bridge, pods have none of the default range.
   *
   * @param kernel where
   * @param path the file's path, which must be there; null for {@link #PATH}, which may be missing
   * @return the configuration
   * @throws SpecException when the file is malformed or breaks a rule
   * @throws RuntimeException when it cannot be read
   */
  public static NetworkConfig read(Kernel kernel, @Nullable String path) {
    String file = path == null ? PATH : path;
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Data contents = b.output("contents", MAX_FILE_BYTES + 1);
    b.replyUpTo(contents, imm(0));
    Slot found = b.slot("found");
    b.set(found, imm(0));
    Label missing = b.label("missing");
    Slot disabled = disabled(b, descriptors, DEFAULT.bridge);
    b.step("read network configuration \"" + file + "\"", "");
    Slot descriptor = descriptors.fd("file", file);
    Instruction open =
        b.sys(
                Syscall.OPENAT,
                imm(Constants.AT_FDCWD),
                b.string(file),
                imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
                imm(0))
            .into(descriptor);
    if (path == null) {
      open.tolerate(Errno.ENOENT, missing);
    }
    b.replyUpTo(contents, Idioms.readAll(b, descriptor, contents));
    b.set(found, imm(1));
    descriptors.close(descriptor);
    b.bind(missing);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    byte[] utf8 = result.slot(found) == 1 ? result.bytes(contents) : "{}".getBytes(UTF_8);
    if (utf8.length > MAX_FILE_BYTES) {
      throw new SpecException(file, 0, 0, "", "larger than " + MAX_FILE_BYTES + " bytes");
    }
    long digit = result.slot(disabled);
    return parse(utf8, file, digit != 0, new Off(kernel, digit));
  }

  /**
   * Adds records that read whether IPv6 is turned off on a bridge, or would be on one that was made
   * now.
   *
   * @return a slot with the digit, 0 where the kernel has no IPv6
   */
  private static Slot disabled(ProgramBuilder b, Descriptors descriptors, String bridge) {
    Slot digit = b.slot("disable_ipv6");
    Slot setting = descriptors.fd("setting", "disable_ipv6");
    Data text = b.buffer("disable_ipv6", 1);
    Label inherited = b.label("no such bridge");
    Label open = b.label("open");
    Label none = b.label("no IPv6");
    b.step("look whether \"" + bridge + "\" has IPv6", "");
    b.set(digit, imm(0));
    open(b, bridge, setting).tolerate(Errno.ENOENT, inherited);
    b.jump(open);
    b.bind(inherited);
    open(b, "default", setting).tolerate(Errno.ENOENT, none);
    b.bind(open);
    b.sys(Syscall.READ, setting, text.address(), imm(text.size()));
    descriptors.close(setting);
    b.load(1, digit, text.address(), imm(0));
    b.bind(none);
    return digit;
  }

  private static Instruction open(ProgramBuilder b, String name, Slot into) {
    return b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(INTERFACES_IPV6 + name + "/disable_ipv6"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(into);
  }

  /** Whether IPv6 is turned off on a bridge; the default one's is known. */
  private record Off(Kernel kernel, long known) implements Predicate<String> {
    @Override
    public boolean test(String bridge) {
      long digit = known;
      if (!bridge.equals(DEFAULT.bridge)) {
        ProgramBuilder b = new ProgramBuilder(kernel.arch());
        Descriptors descriptors = new Descriptors(b);
        Slot disabled = disabled(b, descriptors, bridge);
        descriptors.closeAll();
        digit = kernel.run(b.build()).orThrow().slot(disabled);
      }
      return digit != '0';
    }
  }

  /**
   * Reads a document, for a kernel that has IPv6.
   *
   * @param utf8 the document
   * @param file what messages call it
   * @return the configuration
   * @throws SpecException when it is malformed or breaks a rule
   */
  public static NetworkConfig parse(byte[] utf8, String file) {
    return parse(utf8, file, true, bridge -> false);
  }

  /**
   * Reads a document.
   *
   * @param hasIpv6 whether the kernel has IPv6
   * @param isOff whether it is turned off on a bridge; asked only where no IPv6 range is named
   */
  static NetworkConfig parse(byte[] utf8, String file, boolean hasIpv6, Predicate<String> isOff) {
    JsonInput in = new JsonInput(utf8, file);
    String bridge = DEFAULT.bridge;
    Subnet ipv4 = DEFAULT.ipv4;
    Subnet ipv6 = null;
    boolean namesIpv6 = false;
    int mtu = DEFAULT.mtu;
    boolean masquerade = DEFAULT.masquerade;
    in.beginObject();
    for (String field = in.nextEntry(); field != null; field = in.nextEntry()) {
      switch (field) {
        case "bridge" -> bridge = bridge(in);
        case "ipv4" -> ipv4 = in.isNull() ? null : range(in, false);
        case "ipv6" -> {
          namesIpv6 = true;
          ipv6 = in.isNull() ? null : range(in, true);
          if (ipv6 != null && !hasIpv6) {
            throw in.error("this kernel has no IPv6");
          }
        }
        case "mtu" -> {
          mtu = in.int32();
          if (mtu < MIN_MTU || mtu > MAX_MTU) {
            throw in.error("expected an MTU from " + MIN_MTU + " to " + MAX_MTU + ", found " + mtu);
          }
        }
        case "masquerade" -> masquerade = in.bool();
        default -> throw in.error("unknown property");
      }
    }
    in.end();
    if (!namesIpv6 && hasIpv6 && !isOff.test(bridge)) {
      ipv6 = DEFAULT.ipv6;
    }
    if (ipv4 == null && ipv6 == null) {
      throw in.error("", "pods need an IPv4 or an IPv6 range");
    }
    if (ipv6 != null && mtu < MIN_IPV6_MTU) {
      throw in.error(
          "/mtu", "IPv6 needs an MTU of " + MIN_IPV6_MTU + " or more, or \"ipv6\": null");
    }
    return new NetworkConfig(bridge, ipv4, ipv6, mtu, masquerade);
  }

  /** A name that the kernel takes for an interface, and for its files in {@code /proc/sys}. */
  private static String bridge(JsonInput in) {
    String name = in.string();
    boolean good =
        !name.isEmpty()
            && name.length() <= MAX_NAME_BYTES
            && !name.equals(".")
            && !name.equals("..")
            && !name.equals("all")
            && !name.equals("default");
    for (int i = 0; good && i < name.length(); i++) {
      char c = name.charAt(i);
      // A percent sign would ask the kernel for a number of its choice.
      good = c > ' ' && c < 0x7f && c != '/' && c != ':' && c != '%';
    }
    if (!good) {
      throw in.error(
          IpAddress.quoted(name)
              + " is not a name for an interface: 1 to "
              + MAX_NAME_BYTES
              + " characters of ASCII without space, / : and %, and not . .. all default");
    }
    return name;
  }

  private static Subnet range(JsonInput in, boolean ipv6) {
    String text = in.string();
    Subnet range;
    try {
      range = Subnet.parse(text);
    } catch (IllegalArgumentException e) {
      throw error(in, e);
    }
    if (range.isIpv6() != ipv6) {
      throw in.error(range + " is not a range of " + (ipv6 ? "IPv6" : "IPv4") + " addresses");
    }
    for (String[] known : NOT_FOR_HOSTS) {
      if (range.overlaps(Subnet.parse(known[0]))) {
        throw in.error(
            range + " cannot be given to pods: it overlaps " + known[0] + ", " + known[1]);
      }
    }
    if (range.usable() == 0) {
      throw in.error(range + " has no room for a pod beside the gateway");
    }
    return range;
  }

  private static SpecException error(JsonInput in, IllegalArgumentException cause) {
    return in.error(String.valueOf(cause.getMessage()));
  }
}
