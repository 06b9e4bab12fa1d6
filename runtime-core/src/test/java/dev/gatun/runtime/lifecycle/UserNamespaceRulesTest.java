package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Op;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.userns.Privileges;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of the security checklist where a user namespace comes in: nothing is run. */
class UserNamespaceRulesTest {
  private static final Privileges USER = new Privileges(1000, 1000, false, "/x/bin:/usr/bin");

  private static final String MAPS =
      "\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1},"
          + "{\"containerID\": 1, \"hostID\": 100000, \"size\": 65536}],"
          + "\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1},"
          + "{\"containerID\": 1, \"hostID\": 100000, \"size\": 65536}],";

  private static String config(String namespace, String linux, String mounts) {
    return LocalContainers.resource("runc-spec.json")
        .replaceFirst("\"process\": \\{", "\"process\": {\"oomScoreAdj\": 100,")
        .replaceFirst("\"linux\": \\{", "\"linux\": {" + linux)
        .replaceFirst("\"namespaces\": \\[", "\"namespaces\": [" + namespace + ",")
        .replaceFirst("\"mounts\": \\[", "\"mounts\": [" + mounts);
  }

  private static final String BIND =
      "{\"destination\": \"/data\", \"type\": \"bind\", \"source\": \"/srv/data\","
          + " \"options\": [\"rbind\"]},";

  private static final String MAPPED =
      "{\"destination\": \"/ids\", \"type\": \"bind\", \"source\": \"/srv/ids\","
          + " \"options\": [\"bind\", \"idmap\"],"
          + " \"uidMappings\": [{\"containerID\": 5, \"hostID\": 6, \"size\": 7}],"
          + " \"gidMappings\": [{\"containerID\": 5, \"hostID\": 6, \"size\": 7}]},";

  private static final String TIME = "{\"type\": \"time\"}, {\"type\": \"cgroup\"}";

  private static InitCompiler.Image compile(String name) {
    String config =
        switch (name) {
          case "new" ->
              config(
                  "{\"type\": \"user\"}, " + TIME,
                  MAPS + "\"timeOffsets\": {\"boottime\": {\"secs\": 10}},",
                  BIND + MAPPED);
          case "user" -> config("{\"type\": \"user\"}", MAPS, BIND);
          case "joined" ->
              config(
                      "{\"type\": \"user\", \"path\": \"/proc/7/ns/user\"}",
                      "\"rootfsPropagation\": \"rslave\",",
                      BIND)
                  .replaceFirst("\"type\": \"uts\"", "\"type\": \"uts\", \"path\": \"/x/uts\"");
          case "mapped" -> config("{\"type\": \"cgroup\"}", "", MAPPED);
          default -> throw new IllegalArgumentException(name);
        };
    return InitCompiler.compile(
        Arch.host(),
        SpecReader.readValid(config.getBytes(StandardCharsets.UTF_8), "config.json"),
        new InitCompiler.Options("rules", "/bundle", 0, 0, false, true, true),
        name.equals("user") ? USER : Privileges.ROOT);
  }

  private static LinkedProgram image(String name) {
    return new LinkedProgram(name, compile(name).program());
  }

  /** The records before init's first, which the intermediate and its helpers run. */
  private static List<Integer> ofTheIntermediate(
      LinkedProgram image, int init, IntPredicate which) {
    return image.all(i -> image.position(i) < init && which.test(i));
  }

  private static int initsClone(LinkedProgram image) {
    return image.only(
        "the clone of init",
        image.all(i ->
            image.is(i, Syscall.CLONE3)
                && (image.field(image.at(i).arg(0), Structs.CLONE_ARGS_FLAGS)
                        & Constants.CLONE_PARENT)
                    != 0));
  }

  private static List<Integer> opening(LinkedProgram image, String path) {
    return image.all(i ->
        (image.is(i, Syscall.OPENAT) || image.is(i, Syscall.OPENAT2))
            && image.text(image.at(i).arg(1)).equals(path));
  }

  /** Rule 9: id maps, then becoming root, then the rest; and the host's privileges before. */
  @Test
  void theOrderWithANewUserNamespace() {
    InitCompiler.Image compiled = compile("new");
    LinkedProgram image = new LinkedProgram("new", compiled.program());
    int clone = initsClone(image);
    long flags = image.field(image.at(clone).arg(0), Structs.CLONE_ARGS_FLAGS);
    assertTrue((flags & Constants.CLONE_NEWUSER) != 0 && (flags & Constants.CLONE_PIDFD) != 0);
    assertEquals(0, flags & Constants.CLONE_NEWTIME, "a time namespace is made by unshare(2)");
    assertEquals(0, flags & Constants.CLONE_NEWIPC, "mqueue would belong to the host's root");
    List<Integer> score = opening(image, "self/oom_score_adj");
    assertTrue(image.only("oom_score_adj", score) < clone, "only the host's root may lower it");
    int receive = image.only("recvmsg", image.all(Syscall.RECVMSG));
    int offsets = image.only("time offsets", opening(image, "self/timens_offsets"));
    int group = image.all(Syscall.SETRESGID).getFirst();
    int groups = image.all(Syscall.SETGROUPS).getFirst();
    int user = image.all(Syscall.SETRESUID).getFirst();
    int cgroup = image.all(i -> unshares(image, i, Constants.CLONE_NEWCGROUP)).getFirst();
    int ipc = image.all(i -> unshares(image, i, Constants.CLONE_NEWIPC)).getFirst();
    int hidden =
        image
            .all(i ->
                i > user
                    && image.is(i, Syscall.PRCTL)
                    && image.at(i).arg(0).equals(new Imm(Constants.PR_SET_DUMPABLE)))
            .getFirst();
    int[] order = {
      clone, compiled.init(), receive, offsets, group, groups, user, ipc, hidden, cgroup
    };
    for (int i = 1; i < order.length; i++) {
      assertTrue(order[i - 1] < order[i], image.line(order[i - 1]) + " before " + order[i]);
    }
    for (int call : List.of(group, user)) {
      assertEquals(0, image.at(call).tolerated(), image.line(call));
      for (int i = 0; i < 3; i++) {
        assertEquals(new Imm(0), image.at(call).arg(i), image.line(call));
      }
    }
    // Nothing is executed before init is root in its namespace: it would lose all capabilities.
    assertEquals(
        List.of(),
        image.all(i ->
            image.position(i) < user
                && (image.is(i, Syscall.EXECVE) || image.is(i, Syscall.EXECVEAT))));
  }

  private static boolean unshares(LinkedProgram image, int record, int flag) {
    return image.is(record, Syscall.UNSHARE) && image.at(record).arg(0).equals(new Imm(flag));
  }

  /** A pid is a child's as long as its pidfd says so, and its directory never changes hands. */
  @ParameterizedTest
  @ValueSource(strings = {"new", "user", "mapped"})
  void whoseMapsAreWrittenIsCertain(String name) {
    LinkedProgram image = image(name);
    int found = 0;
    for (int i = 0; i < image.size(); i++) {
      if (image.is(i, Syscall.OPENAT)
          && image.text(image.at(i).arg(1)).matches("uid_map|gid_map|setgroups|ns/user")) {
        assertEquals("process", image.at(i).arg(0).toString(), image.line(i));
        found++;
      }
    }
    assertTrue(found >= 2, found + " files");
    List<Integer> directories =
        image.all(
            i -> image.is(i, Syscall.OPENAT) && image.at(i).result().name().equals("process"));
    assertFalse(directories.isEmpty());
    for (int directory : directories) {
      assertTrue(image.is(directory + 1, Syscall.PIDFD_SEND_SIGNAL), image.line(directory + 1));
      assertEquals(0, image.at(directory + 1).tolerated());
      assertEquals(new Imm(0), image.at(directory + 1).arg(1), "nothing is sent");
    }
  }

  /** Rule 19: init goes on when it is told to, and ends at the end of file. */
  @ParameterizedTest
  @ValueSource(strings = {"new", "user", "joined"})
  void endOfFileLetsNobodyGoOn(String name) {
    LinkedProgram image = image(name);
    List<Integer> receives = image.all(Syscall.RECVMSG);
    // Where a namespace is joined, the process that opens what is mounted waits too.
    assertEquals(name.equals("joined") ? 2 : 1, receives.size());
    for (int receive : receives) {
      assertEquals(
          new Imm(Constants.MSG_CMSG_CLOEXEC), image.at(receive).arg(2), image.line(receive));
      Instruction branch = image.at(receive + 1);
      assertTrue(
          branch.op() == Op.BR
              && branch.code() == Op.Condition.EQ.ordinal()
              && branch.arg(0) == image.at(receive).result()
              && branch.arg(1).equals(new Imm(1)),
          image.line(receive + 1));
      assertTrue(image.is(receive + 2, Syscall.EXIT_GROUP), image.line(receive + 2));
      assertEquals(new Imm(1), image.at(receive + 2).arg(0));
    }
  }

  /** What the host's privileges are for happens in the container's mount namespace. */
  @ParameterizedTest
  @ValueSource(strings = {"new", "joined"})
  void sourcesAreOpenedWhereTheHostsFlagsAreLocked(String name) {
    InitCompiler.Image compiled = compile(name);
    LinkedProgram image = new LinkedProgram(name, compiled.program());
    int enter =
        image.only(
            "setns of the mount namespace",
            image.all(i ->
                image.is(i, Syscall.SETNS)
                    && image.at(i).arg(1).equals(new Imm(Constants.CLONE_NEWNS))));
    assertEquals("pidfd", image.at(enter).arg(0).toString(), "rule 11: by a descriptor");
    List<Integer> sources =
        image.all(i ->
            (image.is(i, Syscall.OPEN_TREE) || image.is(i, Syscall.OPENAT2))
                && image.text(image.at(i).arg(1)).matches("/srv/.*|/bundle/rootfs"));
    assertEquals(name.equals("new") ? 3 : 2, sources.size());
    for (int source : sources) {
      assertTrue(enter < source && source < compiled.init(), image.line(source));
    }
    // Init itself resolves nothing from its working directory but these.
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < image.size(); i++) {
      int position = image.position(i);
      if (position >= compiled.init()
          && position < image.all(Syscall.PIVOT_ROOT).getFirst()
          && (image.is(i, Syscall.OPENAT)
              || image.is(i, Syscall.OPENAT2)
              || image.is(i, Syscall.OPEN_TREE))
          && image.at(i).arg(0).equals(new Imm(Constants.AT_FDCWD))) {
        paths.add(image.text(image.at(i).arg(1)));
      }
    }
    paths.removeIf(path -> path.startsWith("/dev/"));
    paths.removeIf(path -> path.startsWith("/sys/fs/cgroup"));
    paths.removeIf(List.of("/", "/proc", "/sys")::contains);
    assertEquals(List.of(), paths);
  }

  /** Rules 3 and 4: nobody can make a node there, so the host's are mounted once they are known. */
  @Test
  void devicesAreTheHostsOwnAndVerified() {
    LinkedProgram image = image("new");
    assertEquals(List.of(), image.all(Syscall.MKNODAT));
    for (String name : List.of("zero", "full", "random", "urandom", "tty")) {
      int open = image.only(name, opening(image, "/dev/" + name));
      assertTrue(
          (image.number(image.at(open).arg(2), name) & Constants.O_PATH) != 0, image.line(open));
      int statx = open + 1;
      while (!image.is(statx, Syscall.STATX)) {
        statx++;
      }
      assertEquals(image.at(open).result(), image.at(statx).arg(0));
      int attach = open;
      while (!image.is(attach, Syscall.MOVE_MOUNT)) {
        attach++;
      }
      int checks = 0;
      for (int i = statx; i < attach; i++) {
        checks += image.at(i).op() == Op.BR ? 1 : 0;
      }
      assertEquals(3, checks, "type, number, and that no link is mounted upon");
    }
  }

  /** An ordinary user's process has to be theirs in /proc while its maps are written. */
  @Test
  void anOrdinaryUsersIntermediateIsNotHiddenAndAsksTheTools() {
    InitCompiler.Image compiled = compile("user");
    LinkedProgram image = new LinkedProgram("user", compiled.program());
    assertEquals(
        List.of(),
        ofTheIntermediate(
            image,
            compiled.init(),
            i ->
                image.is(i, Syscall.PRCTL)
                    && image.at(i).arg(0).equals(new Imm(Constants.PR_SET_DUMPABLE))));
    List<String> tools = new ArrayList<>();
    for (int i : ofTheIntermediate(image, compiled.init(), i -> image.is(i, Syscall.EXECVE))) {
      tools.add(image.text(image.at(i).arg(0)));
      assertEquals(0xffff, image.at(i).tolerated(), "the next directory is tried");
    }
    assertEquals(
        List.of("/x/bin/newgidmap", "/usr/bin/newgidmap", "/x/bin/newuidmap", "/usr/bin/newuidmap"),
        tools);
    assertEquals(List.of(), opening(image, "setgroups"), "with tools, groups can be set");
    // Nobody hands anything over: init opens what is mounted as the same user.
    assertTrue(
        image.all(Syscall.OPEN_TREE).stream()
            .anyMatch(i ->
                image.position(i) > compiled.init()
                    && image.text(image.at(i).arg(1)).equals("/srv/data")));
  }

  /** Joins with the host's privileges first; what is refused, again after the user namespace. */
  @Test
  void theUserNamespaceIsJoinedLastAndNeverTheOwn() {
    LinkedProgram image = image("joined");
    List<Integer> joins = new ArrayList<>();
    for (int i : image.all(Syscall.SETNS)) {
      if (!image.at(i).arg(1).equals(new Imm(Constants.CLONE_NEWNS))) {
        joins.add(i);
      }
    }
    assertEquals(3, joins.size());
    assertEquals(new Imm(Constants.CLONE_NEWUTS), image.at(joins.get(0)).arg(1));
    assertEquals(new Imm(Constants.CLONE_NEWUSER), image.at(joins.get(1)).arg(1));
    assertEquals(new Imm(Constants.CLONE_NEWUTS), image.at(joins.get(2)).arg(1));
    assertEquals(0, image.at(joins.get(1)).tolerated());
    assertEquals(0, image.at(joins.get(2)).tolerated());
    Instruction own = image.at(joins.get(1) - 1);
    assertTrue(own.op() == Op.BR && own.code() == Op.Condition.EQ.ordinal());
    Label target = own.target();
    assertNotNull(target);
    assertEquals(joins.get(1) + 1, target.record());
    Instruction joined = image.at(joins.get(2) - 1);
    assertEquals(image.at(joins.get(0)).result(), joined.arg(0), "only what was refused");
    assertTrue(joins.get(2) < initsClone(image));
  }

  /** An idmapped mount's user namespace is made before privileges are lost, and closed by init. */
  @Test
  void mappedMountsAreMappedBeforeTheyAreAttached() {
    LinkedProgram image = image("mapped");
    int mapping =
        image.only(
            "mount_setattr",
            image.all(i ->
                image.is(i, Syscall.MOUNT_SETATTR)
                    && image.field(image.at(i).arg(3), Structs.MOUNT_ATTR_ATTR_SET)
                        == Constants.MOUNT_ATTR_IDMAP));
    assertEquals(
        new Imm(Constants.AT_EMPTY_PATH), image.at(mapping).arg(2), "idmap is not recursive");
    int tree = mapping;
    while (!image.is(tree, Syscall.OPEN_TREE)) {
      tree--;
    }
    assertEquals("/srv/ids", image.text(image.at(tree).arg(1)));
    int attach = mapping;
    while (!image.is(attach, Syscall.MOVE_MOUNT)) {
      attach++;
    }
    assertEquals(image.at(tree).result(), image.at(attach).arg(0));
    assertTrue(initsClone(image) < tree);
    int make =
        image.only(
            "the mapping's process",
            image.all(i ->
                image.is(i, Syscall.CLONE3)
                    && image.field(image.at(i).arg(0), Structs.CLONE_ARGS_FLAGS)
                        == (Constants.CLONE_NEWUSER | Constants.CLONE_PIDFD)));
    assertTrue(make < initsClone(image));
    assertTrue(Listing.line(image.program, mapping).contains("mount_setattr"), image.line(mapping));
  }

  @Test
  void whatCannotBeMappedIsOneSentence() {
    String noMaps = MAPPED.replaceAll("\"uidMappings.*7}]},", "\"x\": 1},");
    for (String[] bad :
        new String[][] {
          {config("{\"type\": \"cgroup\"}", "", noMaps), "idmap needs"},
          {
            config("{\"type\": \"user\"}", MAPS, "").replace("\"newinstance\"", "\"gid=70000\""),
            "group 70000 is not mapped"
          },
        }) {
      RuntimeException refusal =
          assertThrows(
              RuntimeException.class,
              () ->
                  InitCompiler.compile(
                      Arch.host(),
                      SpecReader.readValid(bad[0].getBytes(StandardCharsets.UTF_8), "config.json"),
                      new InitCompiler.Options("x", "/b", 0, 0, false, true, true)));
      assertTrue(String.valueOf(refusal.getMessage()).contains(bad[1]), refusal::toString);
    }
    ConfigException user =
        assertThrows(
            ConfigException.class,
            () ->
                InitCompiler.compile(
                    Arch.host(),
                    SpecReader.readValid(
                        config("{\"type\": \"user\"}", MAPS, MAPPED)
                            .getBytes(StandardCharsets.UTF_8),
                        "config.json"),
                    new InitCompiler.Options("x", "/b", 0, 0, false, true, true),
                    USER));
    assertTrue(String.valueOf(user.getMessage()).contains("by root alone"), user::toString);
  }

  @Test
  void thePathOfTheCallerIsFound() {
    byte[] environment = "HOME=/x\0XPATH=/no\0PATH=/a:/b\0".getBytes(StandardCharsets.UTF_8);
    assertEquals("/a:/b", Allowance.pathOf(environment));
    assertEquals("", Allowance.pathOf("PATHX=/a".getBytes(StandardCharsets.UTF_8)));
  }
}
