package dev.gatun.netns.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.oci.SpecException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where networks are found. */
class CniFilesTest {
  @TempDir Path directory;
  private Path first = Path.of("");
  private Path second = Path.of("");

  @BeforeEach
  void directories() throws IOException {
    first = Files.createDirectory(directory.resolve("first"));
    second = Files.createDirectory(directory.resolve("second"));
  }

  private CniNetwork find(String name) {
    return CniNetwork.find(
        new LocalKernel(),
        name,
        List.of(directory.resolve("missing").toString(), first.toString(), second + "/"),
        List.of("/opt/cni/bin"));
  }

  private static String list(String name, String... plugins) {
    StringBuilder json =
        new StringBuilder("{\"cniVersion\": \"1.0.0\", \"name\": \"" + name + "\", \"plugins\": [");
    for (int i = 0; i < plugins.length; i++) {
      json.append(i == 0 ? "" : ", ").append("{\"type\": \"").append(plugins[i]).append("\"}");
    }
    return json.append("]}").toString();
  }

  private static void write(Path directory, String name, String text) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve(name), text);
  }

  @Test
  void theFirstFileOfTheNameWins() throws IOException {
    write(second, "00-a.conflist", list("net", "second-00"));
    write(first, "20-b.conflist", list("net", "first-20"));
    write(first, "10-c.conflist", list("other", "first-10"));
    write(first, "30-d.conflist", list("net", "first-30"));
    write(first, "00-e.conflist~", list("net", "backup"));
    write(first, "00-f.conflist.bak", list("net", "backup"));
    assertEquals(List.of("first-20"), find("net").plugins());
    assertEquals(List.of("first-10"), find("other").plugins());
    Files.delete(first.resolve("20-b.conflist"));
    Files.delete(first.resolve("30-d.conflist"));
    assertEquals(List.of("second-00"), find("net").plugins());
  }

  @Test
  void aFileMayHoldOnePlugin() throws IOException {
    String json =
        "{\"cniVersion\": \"0.3.1\", \"name\": \"%s\", \"type\": \"ptp\", \"own\": {\"a\": 1},"
            + " \"capabilities\": {\"mac\": true}}";
    write(first, "1.conf", json.formatted("one"));
    write(first, "2.json", json.formatted("two"));
    FakeRunner runner = new FakeRunner().with("/opt/cni/bin/ptp", FakeRunner.answering("{}"));
    for (String name : List.of("one", "two")) {
      CniNetwork network = find(name);
      assertEquals(List.of(CniVersion.V0_3_1), network.versions());
      network
          .attach(runner, "p", "/n", "eth0", CniArguments.NONE.withMac("02:00:00:00:00:01"))
          .add(runner);
      assertEquals(
          "{\"cniVersion\":\"0.3.1\",\"name\":\""
              + name
              + "\",\"type\":\"ptp\",\"own\":{\"a\": 1},"
              + "\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:01\"}}",
          runner.calls.getLast().input());
    }
    write(first, "3.conf", list("three", "ptp"));
    SpecException e = assertThrows(SpecException.class, () -> find("three"));
    assertEquals(first + "/3.conf:1:1: missing property \"type\"", FakeRunner.message(e));
  }

  @Test
  void pluginsOfTheDirectoryBesideFollowThoseOfTheList() throws IOException {
    write(first, "net.conflist", list("net", "inlined"));
    write(first.resolve("net"), "20.conf", "{\"type\": \"twenty\"}");
    write(first.resolve("net"), "10.conf", "{\"type\": \"ten\", \"x\": 1}");
    write(first.resolve("net"), "30.conflist", "{}");
    write(second.resolve("net"), "40.conf", "{\"type\": \"elsewhere\"}");
    Files.createDirectory(first.resolve("net/50.conf"));
    assertEquals(List.of("inlined", "ten", "twenty"), find("net").plugins());
    write(
        first,
        "net.conflist",
        list("net", "inlined")
            .replace("\"plugins\"", "\"loadOnlyInlinedPlugins\": true, \"plugins\""));
    assertEquals(List.of("inlined"), find("net").plugins());
    write(first, "net.conflist", "{\"cniVersion\": \"1.1.0\", \"name\": \"net\"}");
    assertEquals(List.of("ten", "twenty"), find("net").plugins());
    write(first.resolve("net"), "20.conf", "{\"tipe\": \"twenty\"}");
    SpecException e = assertThrows(SpecException.class, () -> find("net"));
    assertEquals(first + "/net/20.conf:1:1: missing property \"type\"", FakeRunner.message(e));
    Files.delete(first.resolve("net/10.conf"));
    Files.delete(first.resolve("net/20.conf"));
    e = assertThrows(SpecException.class, () -> find("net"));
    assertEquals(first + "/net.conflist: a network without plugins", FakeRunner.message(e));
  }

  @Test
  void aNetworkThatDoesNotExistIsSaidNotTo() throws IOException {
    CniException e = assertThrows(CniException.class, () -> find("net"));
    assertEquals(
        "there is no CNI network \"net\" in \"%s/missing\", \"%s\", \"%s/\""
            .formatted(directory, first, second),
        FakeRunner.message(e));
    for (String name : List.of("", "../net", "a b", "a/b")) {
      e = assertThrows(CniException.class, () -> find(name));
      assertTrue(
          FakeRunner.message(e).endsWith(" cannot be the name of a CNI network"),
          FakeRunner.message(e));
    }
  }

  @Test
  void filesThatNobodyUnderstandsAreInTheWayOfNobodyElse() throws IOException {
    write(first, "00.conflist", "{ broken");
    write(first, "05.conflist", "[]");
    write(first, "06.conflist", "");
    write(first, "10.conflist", list("net", "good"));
    write(first, "20.conflist", "{\"name\": \"wrong\", \"plugins\": [{}]}");
    assertEquals(List.of("good"), find("net").plugins());
    CniException e = assertThrows(CniException.class, () -> find("nothing"));
    assertTrue(
        FakeRunner.message(e)
            .endsWith(
                "; "
                    + first
                    + "/00.conflist:1:3: malformed JSON: expected a name"
                    + " in quotation marks"),
        FakeRunner.message(e));
    SpecException wrong = assertThrows(SpecException.class, () -> find("wrong"));
    assertEquals(
        first + "/20.conflist:1:31: /plugins/0: missing property \"type\"",
        FakeRunner.message(wrong));
  }

  @Test
  void whatCannotBeReadIsSaidToBe() throws IOException {
    write(directory, "file", "");
    SyscallException e =
        assertThrows(
            SyscallException.class,
            () ->
                CniNetwork.find(
                    new LocalKernel(),
                    "net",
                    List.of(directory.resolve("file").toString()),
                    List.of()));
    assertTrue(
        FakeRunner.message(e).startsWith("read the directory \"" + directory + "/file\": openat("),
        FakeRunner.message(e));
    assertTrue(FakeRunner.message(e).contains("ENOTDIR"), FakeRunner.message(e));
    write(first, "1.conflist", " ".repeat(5 << 20));
    e = assertThrows(SyscallException.class, () -> find("net"));
    assertTrue(FakeRunner.message(e).contains("EFBIG"), FakeRunner.message(e));
  }

  @Test
  void aDirectoryMayBeLarge() throws IOException {
    for (int i = 0; i < 500; i++) {
      write(first, "n%03d.conflist".formatted(i), list("net" + i, "plugin" + i));
    }
    assertEquals(List.of("plugin499"), find("net499").plugins());
    assertEquals(List.of("plugin0"), find("net0").plugins());
  }
}
