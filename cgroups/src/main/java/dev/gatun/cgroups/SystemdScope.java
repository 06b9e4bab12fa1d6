package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The transient scope of systemd that a container's cgroup is in: made and ended over D-Bus, by
 * records, so that whoever runs the program is whom systemd sees.
 *
 * <p>The scope is delegated: systemd owns its cgroup and what is above, the runtime what is below.
 * The container is in the cgroup {@code container} below the scope's, so that no limit is written
 * by both. A scope needs a process to begin with; since a cgroup with processes of its own cannot
 * hand controllers down, that process waits in the cgroup {@code runtime} beside it.
 */
public final class SystemdScope {
  /** How the annotations begin that are properties of the scope. */
  public static final String ANNOTATION = "org.systemd.property.";

  /** Where the system's bus is. */
  public static final String SYSTEM_BUS = "/run/dbus/system_bus_socket";

  /** Stands for the system's manager where a user's id would be that user's. */
  public static final long SYSTEM = -1;

  /** The cgroup of the container, below the scope's. */
  private static final String CONTAINER = "/container";

  /** The cgroup of the scope's first process. */
  private static final String RUNTIME = "/runtime";

  private static final String SYSTEMD = "org.freedesktop.systemd1";
  private static final String OBJECT = "/org/freedesktop/systemd1";
  private static final String MANAGER = "org.freedesktop.systemd1.Manager";
  private static final String BUS = "org.freedesktop.DBus";
  private static final String BUS_OBJECT = "/org/freedesktop/DBus";

  /** How long systemd may take to answer, in seconds. */
  private static final int TIMEOUT = 25;

  private static final int MESSAGE = 4096;
  private static final int HEADER = 16;
  private static final int NAME_MAX = 255;
  private static final int PATH_MAX = 107;

  // Kinds of messages.
  private static final int METHOD_RETURN = 2;
  private static final int ERROR = 3;

  /** What a server says to {@code AUTH EXTERNAL} and {@code DATA}, but for its 32 digits. */
  private static final String ACCEPTED = "DATA\r\nOK";

  private static final int GREETING = "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n".length();

  private final String unit;
  private final String slice;
  private final String bus;
  private final CgroupPath cgroup;
  private final Map<String, BusVariant.Value> properties = new LinkedHashMap<>();
  private int timeout = TIMEOUT;

  private SystemdScope(String unit, String slice, String bus, CgroupPath cgroup) {
    this.unit = unit;
    this.slice = slice;
    this.bus = bus;
    this.cgroup = cgroup;
  }

  /**
   * Finds the scope for a container, as runc's systemd driver does.
   *
   * @param root where cgroup v2 is
   * @param cgroupsPath {@code linux.cgroupsPath}, {@code slice:prefix:name}; without one the name
   *     is {@code gatun-ID.scope} in the slice that is usual
   * @param id the container's id
   * @param bus the path of the socket of the bus: the system's, or the user's own
   * @param uid the user whose systemd is asked, or {@link #SYSTEM}
   * @return the scope
   * @throws CgroupException if the path is malformed, or there is no cgroup2 or no bus
   */
  public static SystemdScope of(
      CgroupRoot root, @Nullable String cgroupsPath, String id, @Nullable String bus, long uid) {
    String slice = uid == SYSTEM ? "system.slice" : "user.slice";
    String prefix = "gatun";
    String name = id;
    String asked = cgroupsPath == null ? "" : cgroupsPath;
    if (!asked.isEmpty()) {
      int first = asked.indexOf(':');
      int second = asked.indexOf(':', first + 1);
      if (first < 0 || second < 0 || asked.indexOf(':', second + 1) >= 0) {
        throw refuse(asked, "has not the form slice:prefix:name of the systemd driver");
      }
      slice = first == 0 ? slice : asked.substring(0, first);
      prefix = asked.substring(first + 1, second);
      name = asked.substring(second + 1);
    }
    if (name.isEmpty()) {
      throw refuse(asked, "has no name");
    }
    String unit = (prefix.isEmpty() ? name : prefix + "-" + name) + ".scope";
    checkUnit(asked, unit);
    String mountPoint = root.mountPoint();
    if (mountPoint == null) {
      throw new CgroupException(
          "find the cgroup: the systemd driver needs cgroup v2, which is not mounted here",
          CgroupPath.PLACE);
    }
    if (bus == null) {
      throw new CgroupException(
          "find systemd: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR says where the"
              + " user's bus is",
          "");
    }
    if (bus.isEmpty() || bus.getBytes(StandardCharsets.UTF_8).length > PATH_MAX) {
      throw new CgroupException("find systemd: \"" + bus + "\" is no path of a socket", "");
    }
    String scope = manager(root, uid) + path(asked, slice) + "/" + unit;
    return new SystemdScope(unit, slice, bus, new CgroupPath(mountPoint, scope + CONTAINER, scope));
  }

  /**
   * The scope that a container was created in.
   *
   * @param cgroup its cgroup
   * @param bus the path of the socket of the bus
   * @return the scope
   */
  public static SystemdScope of(CgroupPath cgroup, String bus) {
    String scope = cgroup.delegated();
    return new SystemdScope(scope.substring(scope.lastIndexOf('/') + 1), "", bus, cgroup);
  }

  /** The path of a manager's own cgroup: a user's is a service of the system's. */
  private static String manager(CgroupRoot root, long uid) {
    if (uid == SYSTEM) {
      return "";
    }
    String own = root.own() == null ? "/" : root.own() + "/";
    // In a user namespace the id is another one, and the path says which.
    int at = own.indexOf("/user@");
    int end = own.indexOf(".service/", at + 1);
    return at >= 0 && end == own.indexOf('/', at + 1) - ".service".length()
        ? own.substring(0, end) + ".service"
        : "/user.slice/user-" + uid + ".slice/user@" + uid + ".service";
  }

  /** The path of a slice: {@code a-b.slice} is in {@code a.slice}. */
  private static String path(String asked, String slice) {
    checkUnit(asked, slice);
    if (slice.equals("-.slice")) {
      return "";
    }
    if (!slice.endsWith(".slice") || slice.length() == ".slice".length()) {
      throw refuse(asked, "names \"" + slice + "\", which is no slice");
    }
    String words = slice.substring(0, slice.length() - ".slice".length());
    if (words.startsWith("-") || words.endsWith("-") || words.contains("--")) {
      throw refuse(asked, "names \"" + slice + "\", which is no slice");
    }
    StringBuilder path = new StringBuilder();
    for (int dash = words.indexOf('-'); dash >= 0; dash = words.indexOf('-', dash + 1)) {
      path.append('/').append(words, 0, dash).append(".slice");
    }
    return path.append('/').append(slice).toString();
  }

  private static void checkUnit(String asked, String unit) {
    for (int i = 0; i < unit.length(); i++) {
      char c = unit.charAt(i);
      boolean good =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == ':'
              || c == '-'
              || c == '_'
              || c == '.'
              || c == '\\'
              || c == '@';
      if (!good) {
        throw refuse(asked.isEmpty() ? unit : asked, "holds what no name of a unit may hold");
      }
    }
    if (unit.length() > NAME_MAX) {
      throw refuse(asked, "has a part longer than 255 bytes");
    }
  }

  private static CgroupException refuse(String path, String why) {
    return new CgroupException(
        "find the cgroup: path \"" + printable(path) + "\" " + why, CgroupPath.PLACE);
  }

  /**
   * Gives the scope properties, as runc does: an annotation {@code org.systemd.property.NAME} has
   * the value in GLib's "GVariant Text Format". They come after the scope's own and win. A name
   * that ends in {@code Sec} behind a small letter is systemd's name in unit files: the property is
   * the one that ends in {@code USec}, in microseconds.
   *
   * @param annotations of {@code config.json}; others are passed over
   * @return this scope
   * @throws CgroupException if a name or a value is malformed
   */
  public SystemdScope with(Map<String, String> annotations) {
    for (Map.Entry<String, String> annotation : annotations.entrySet()) {
      String key = annotation.getKey();
      if (key.startsWith(ANNOTATION)) {
        property(key, key.substring(ANNOTATION.length()), annotation.getValue());
      }
    }
    return this;
  }

  private void property(String key, String name, String text) {
    boolean good = name.length() >= 3;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      good &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
    String place = "/annotations/" + printable(key).replace("~", "~0").replace("/", "~1");
    if (!good) {
      throw new CgroupException(
          "set a property of the scope: \"" + printable(name) + "\" is no name of one", place);
    }
    try {
      BusVariant.Value value = BusVariant.parse(text);
      String property = name;
      char before = name.length() == 3 ? 0 : name.charAt(name.length() - 4);
      if (name.endsWith("Sec") && before >= 'a' && before <= 'z') {
        property = name.substring(0, name.length() - 3) + "USec";
        value = value.inMicroseconds();
      }
      properties.put(property, value);
    } catch (IllegalArgumentException e) {
      throw new CgroupException(
          "set property "
              + name
              + " of the scope: value \""
              + printable(text)
              + "\" "
              + e.getMessage(),
          place);
    }
  }

  private static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length() && i < 512; i++) {
      char c = text.charAt(i);
      out.append(c < ' ' || c == 0x7f ? '?' : c);
    }
    return out.toString();
  }

  /** The same scope with less patience, in seconds. */
  SystemdScope within(int seconds) {
    timeout = seconds;
    return this;
  }

  /** The unit's name. */
  public String unit() {
    return unit;
  }

  /** The path of the bus's socket. */
  public String bus() {
    return bus;
  }

  /** The container's cgroup, below the scope's. */
  public CgroupPath cgroup() {
    return cgroup;
  }

  /** What systemd says, in a program. */
  public static final class Answer {
    private final Data message;
    private final Slot refused;
    private final Slot started;

    /**
     * Makes room for it, as an output.
     *
     * @param b the program
     */
    public Answer(ProgramBuilder b) {
      message = b.output("message of the bus", MESSAGE);
      refused = b.slot("refused");
      started = b.slot("scope started");
      b.set(refused, imm(0));
      b.set(started, imm(0));
    }

    /**
     * Whether the scope was made by this program: only then may it be stopped when something else
     * fails, since a unit of that name that was there before is somebody else's.
     *
     * @param result of the program
     * @return whether systemd said so
     */
    public boolean isStarted(Kernel.Result result) {
      return result.slot(started) != 0;
    }

    /**
     * Why systemd refused.
     *
     * @param result of the program
     * @return its words, or null when it did not
     */
    public @Nullable String refusal(Kernel.Result result) {
      int at = (int) result.slot(refused);
      byte[] bytes = result.bytes(message);
      if (at == 0 || at + 4 > bytes.length) {
        return null;
      }
      int length = 0;
      for (int i = 3; i >= 0; i--) {
        length = length << 8 | (bytes[at + i] & 0xff);
      }
      length = Math.clamp(length, 0, bytes.length - at - 4);
      StringBuilder text = new StringBuilder();
      for (char c : new String(bytes, at + 4, length, StandardCharsets.UTF_8).toCharArray()) {
        text.append(c < ' ' ? ' ' : c);
      }
      return text.toString().strip();
    }
  }

  /**
   * Adds records that make the scope of a process, and put that process into a cgroup of its own in
   * it: whatever else is made in the scope can have limits then. They fail with ETIMEDOUT when
   * systemd does not answer, and with ECANCELED when it refuses.
   *
   * @param b the program
   * @param descriptors takes over what is opened
   * @param answer takes what systemd says
   * @param pid a slot with the process's pid
   */
  public void start(ProgramBuilder b, Descriptors descriptors, Answer answer, Slot pid) {
    b.step("start unit " + unit, CgroupPath.PLACE);
    BusMessage call =
        new BusMessage(3, SYSTEMD, OBJECT, MANAGER, "StartTransientUnit", "ssa(sv)a(sa(sv))");
    call.string(unit).string("fail");
    int properties = call.structures();
    call.property("Description", "container of gatun");
    call.property("Slice", slice);
    int pidAt = call.numbersProperty("PIDs");
    call.property("Delegate", true);
    call.property("DefaultDependencies", false);
    call.property("CollectMode", "inactive-or-failed");
    // What the container has no limit for is not to be limited by a default.
    call.property("TasksMax", -1L);
    for (Map.Entry<String, BusVariant.Value> property : this.properties.entrySet()) {
      call.property(property.getKey(), property.getValue());
    }
    call.end(properties);
    int auxiliary = call.structures();
    call.end(auxiliary);
    Slot socket = descriptors.fd("bus", bus);
    Label gone = b.label("no bus");
    connect(b, socket, gone);
    b.outOfLine(() -> {
      b.bind(gone);
      b.step("find systemd: nobody is at the bus \"" + bus + "\"", "");
      b.fail(Errno.ECONNREFUSED);
    });
    Label refused = b.label("refused");
    converse(b, socket, answer, call, pidAt, pid, refused);
    b.outOfLine(() -> {
      b.bind(refused);
      b.fail(Errno.ECANCELED);
    });
    b.set(answer.started, imm(1));
    descriptors.close(socket);
    b.step("find the cgroup of unit " + unit, CgroupPath.PLACE);
    String scope = cgroup.delegated();
    Label elsewhere = b.label("cgroup elsewhere");
    Slot directory =
        new CgroupDirectory(b, new CgroupPath(cgroup.mountPoint(), scope)).open(elsewhere);
    Idioms.close(b, directory);
    b.outOfLine(() -> {
      b.bind(elsewhere);
      b.step("find the cgroup of unit " + unit + " at \"" + scope + "\"", CgroupPath.PLACE);
      b.fail(Errno.ENOENT);
    });
    Slot leaf = new CgroupDirectory(b, runtime()).make();
    descriptors.add(leaf);
    b.step("move the first process of unit " + unit, CgroupPath.PLACE);
    Slot procs = descriptors.fd("procs", "cgroup.procs");
    Data digits = b.buffer("pid", 24);
    Slot length = b.slot("length");
    b.sys(
            Syscall.OPENAT,
            leaf,
            b.string("cgroup.procs"),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(procs);
    Slot first = Idioms.formatDecimal(b, pid, digits.at(digits.size()));
    b.alu(Op.Function.SUB, length, digits.at(digits.size()), first);
    b.sys(Syscall.WRITE, procs, first, length);
    descriptors.close(procs);
    descriptors.close(leaf);
  }

  /** Where the scope's first process is. */
  private CgroupPath runtime() {
    return new CgroupPath(cgroup.mountPoint(), cgroup.delegated() + RUNTIME, cgroup.delegated());
  }

  /** Adds records that remove the cgroup of the scope's first process, which has ended. */
  public void leave(ProgramBuilder b) {
    new CgroupDirectory(b, runtime()).remove();
  }

  /**
   * Adds records that end the scope, once the container's cgroup is removed. Without a systemd that
   * knows it, or one that answers, its cgroup is removed all the same.
   *
   * @param b the program
   */
  public void stop(ProgramBuilder b) {
    b.step("stop unit " + unit, "");
    String scope = cgroup.delegated();
    CgroupPath path = new CgroupPath(cgroup.mountPoint(), scope);
    Label over = b.label("scope over");
    Slot directory = new CgroupDirectory(b, path).open(over);
    // Not by systemd, which asks first and waits long.
    CgroupProcesses.kill(b, directory, CgroupDirectory.KILL_TIMEOUT);
    Idioms.close(b, directory);
    b.step("stop unit " + unit, "");
    Label before = b.failureHandler();
    Label unknown = b.label("nobody to ask");
    Slot socket = b.fd("bus", bus);
    b.set(socket, imm(-1));
    // Whatever goes wrong with systemd, the cgroup can still be removed.
    b.onFailure(unknown);
    connect(b, socket, unknown);
    BusMessage call = new BusMessage(3, SYSTEMD, OBJECT, MANAGER, "StopUnit", "ss");
    call.string(unit).string("fail");
    converse(b, socket, new Answer(b), call, -1, null, unknown);
    b.bind(unknown);
    b.onFailure(before);
    b.set(Slot.FAILED_RECORD, imm(-1));
    Idioms.close(b, socket);
    new CgroupDirectory(b, path).remove();
    b.bind(over);
  }

  // --- the bus

  /** Connects and says who is there, with a limit of time for everything that follows. */
  private void connect(ProgramBuilder b, Slot socket, Label nobody) {
    byte[] path = bus.getBytes(StandardCharsets.UTF_8);
    Data address =
        b.constant("sockaddr_un", Structs.SIZEOF_SOCKADDR_UN + 2)
            .u16(Structs.SOCKADDR_UN_SUN_FAMILY, Constants.AF_UNIX)
            .put(Structs.SOCKADDR_UN_SUN_PATH, path);
    b.sys(
            Syscall.SOCKET,
            imm(Constants.AF_UNIX),
            imm(Constants.SOCK_STREAM | Constants.SOCK_CLOEXEC),
            imm(0))
        .into(socket);
    // struct timeval: seconds, then microseconds.
    Data limit = b.constant("timeval", 16).u64(0, timeout);
    for (int option : new int[] {Constants.SO_RCVTIMEO, Constants.SO_SNDTIMEO}) {
      b.sys(
          Syscall.SETSOCKOPT,
          socket,
          imm(Constants.SOL_SOCKET),
          imm(option),
          limit.address(),
          imm(limit.size()));
    }
    Slot result = b.slot("connected");
    Label failed = b.label("not connected");
    Instruction connect =
        b.sys(
                Syscall.CONNECT,
                socket,
                address.address(),
                imm(Structs.SOCKADDR_UN_SUN_PATH + path.length + 1))
            .into(result)
            .tolerateAny(failed);
    b.outOfLine(() -> {
      b.bind(failed);
      b.branch(Op.Condition.EQ, result, imm(-Errno.ENOENT), nobody);
      b.branch(Op.Condition.EQ, result, imm(-Errno.ECONNREFUSED), nobody);
      b.fail(connect, result);
    });
  }

  /**
   * Sends all that there is to say, and reads until the job that it leads to has ended. The unit's
   * name is the third argument of the signal that tells, so that no other is received.
   */
  private void converse(
      ProgramBuilder b,
      Slot socket,
      Answer answer,
      BusMessage call,
      int pidAt,
      @Nullable Slot pid,
      Label refused) {
    byte[] greeting = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".getBytes(StandardCharsets.US_ASCII);
    byte[] hello = new BusMessage(1, BUS, BUS_OBJECT, BUS, "Hello", "").bytes();
    byte[] match =
        new BusMessage(2, BUS, BUS_OBJECT, BUS, "AddMatch", "s")
            .string(
                "type='signal',sender='"
                    + SYSTEMD
                    + "',interface='"
                    + MANAGER
                    + "',member='JobRemoved',arg2='"
                    + unit
                    + "'")
            .bytes();
    byte[] last = call.bytes();
    // The call is aligned, so that its number can be stored.
    int from = (greeting.length + hello.length + match.length + 7) / 8 * 8;
    int start = from - greeting.length - hello.length - match.length;
    Data words =
        b.variable("words for the bus", from + last.length)
            .put(start, greeting)
            .put(start + greeting.length, hello)
            .put(start + greeting.length + hello.length, match)
            .put(from, last);
    if (pid != null) {
      b.store(4, words.at(from + pidAt), imm(0), pid);
    }
    send(b, socket, words.at(start), imm(words.size() - start));
    Data message = answer.message;
    receive(b, socket, message.address(), imm(ACCEPTED.length()));
    Slot word = b.slot("word");
    Label accepted = b.label("accepted");
    b.load(8, word, message.address(), imm(0));
    b.branch(Op.Condition.EQ, word, imm(word(ACCEPTED)), accepted);
    b.step("the bus \"" + bus + "\" does not take this user", "");
    b.fail(Errno.EACCES);
    b.bind(accepted);
    receive(b, socket, message.address(), imm(GREETING - ACCEPTED.length()));
    b.step("wait for systemd to " + (pid == null ? "stop" : "start") + " unit " + unit, "");
    Slot kind = b.slot("kind");
    Slot fields = b.slot("fields");
    Slot body = b.slot("body");
    Slot rest = b.slot("rest");
    Label fits = b.label("fits");
    Label error = b.label("error");
    Label done = b.label("job done");
    Label more = b.loop("message");
    receive(b, socket, message.address(), imm(HEADER));
    b.load(1, kind, message.address(), imm(1));
    b.load(4, body, message.address(), imm(4));
    b.load(4, fields, message.address(), imm(12));
    b.alu(Op.Function.ADD, fields, fields, imm(7));
    b.alu(Op.Function.AND, fields, fields, imm(~7L));
    b.alu(Op.Function.ADD, rest, fields, body);
    b.branch(Op.Condition.LTU, rest, imm(MESSAGE - HEADER), fits);
    b.fail(Errno.EMSGSIZE);
    b.bind(fits);
    receive(b, socket, message.at(HEADER), rest);
    b.branch(Op.Condition.EQ, kind, imm(METHOD_RETURN), more);
    b.branch(Op.Condition.EQ, kind, imm(ERROR), error);
    // A signal: NameAcquired has one argument, a name that begins with a colon, JobRemoved has the
    // job's number, its object, the unit and the result, which ends the message.
    Slot at = b.slot("at");
    b.alu(Op.Function.ADD, at, message.at(HEADER), fields);
    b.load(1, word, at, imm(4));
    b.branch(Op.Condition.EQ, word, imm(':'), more);
    b.alu(Op.Function.ADD, at, message.at(HEADER - 5), rest);
    b.load(4, word, at, imm(0));
    b.branch(Op.Condition.EQ, word, imm(word("done\0\0\0\0")), done);
    b.step("the job of unit " + unit + " did not get done", CgroupPath.PLACE);
    b.fail(Errno.ECANCELED);
    b.bind(error);
    b.alu(Op.Function.ADD, answer.refused, fields, imm(HEADER));
    b.jump(refused);
    b.bind(done);
  }

  private static long word(String text) {
    long word = 0;
    for (int i = 7; i >= 0; i--) {
      word = word << 8 | text.charAt(i);
    }
    return word;
  }

  private static void send(ProgramBuilder b, Slot socket, Addr from, Arg length) {
    Slot left = b.slot("left");
    Slot put = b.slot("put");
    Slot at = b.slot("at");
    b.set(left, length);
    b.set(at, from);
    Label next = b.loop("send on");
    b.sys(Syscall.SENDTO, socket, at, left, imm(Constants.MSG_NOSIGNAL), imm(0), imm(0))
        .into(put)
        .tolerate(Errno.EINTR, next);
    b.alu(Op.Function.ADD, at, at, put);
    b.alu(Op.Function.SUB, left, left, put);
    b.branch(Op.Condition.NE, left, imm(0), next);
  }

  /** Reads so many bytes. EAGAIN says that the limit of time has passed. */
  private void receive(ProgramBuilder b, Slot socket, Addr into, Arg length) {
    Slot left = b.slot("left");
    Slot got = b.slot("got");
    Slot at = b.slot("at");
    Label late = b.label("late");
    Label ended = b.label("ended");
    Label all = b.label("all received");
    b.set(left, length);
    b.set(at, into);
    Label next = b.loop("receive on");
    b.branch(Op.Condition.EQ, left, imm(0), all);
    b.sys(Syscall.RECVFROM, socket, at, left, imm(0), imm(0), imm(0))
        .into(got)
        .tolerate(Errno.EAGAIN, late);
    b.alu(Op.Function.ADD, at, at, got);
    b.alu(Op.Function.SUB, left, left, got);
    b.branch(Op.Condition.NE, got, imm(0), next);
    b.jump(ended);
    b.outOfLine(() -> {
      b.bind(late);
      b.step("systemd does not answer about unit " + unit, "");
      b.fail(Errno.ETIMEDOUT);
      b.bind(ended);
      b.step("the bus \"" + bus + "\" closed the connection", "");
      b.fail(Errno.ECONNRESET);
    });
    b.bind(all);
  }
}
