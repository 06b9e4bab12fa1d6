package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every bad input is one clear sentence, exit status 1, and leaves nothing. */
class BadInputTest {
  /** Runs a bundle as it lies on disk by create and run, which both have to refuse it. */
  private static void expectRefusal(Box box, String bundle, String... gatunSays) {
    for (String command : List.of("create", "run")) {
      Command call = box.call(command, "--bundle", bundle, box.newId());
      call.expectFailure();
      assertFalse(call.lastErrorLine().isEmpty(), call::toString);
      assertEquals("", call.out(), call::toString);
      if (!box.isRunc()) {
        assertEquals(1, call.err().lines().count(), () -> "one sentence" + call);
        assertFalse(call.err().contains("Exception"), call::toString);
        call.expectFailure(gatunSays);
      }
    }
  }

  @OnEveryRuntime
  void malformedJsonIsRefused(Box box) {
    Bundle bundle = box.bundle();
    String good = bundle.config().toPrettyString();
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("", "config.json:1:");
    texts.put("{", "config.json:1:");
    texts.put("nonsense", "config.json:1:");
    texts.put("[]", "config.json");
    texts.put(good.substring(0, good.length() / 2), "config.json:");
    texts.put(good.replaceFirst("\"process\" :", "\"process\""), "config.json:");
    texts.forEach((text, expected) -> expectRefusal(box, bundle.write(text), expected));
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void wrongTypesAreRefused(Box box) {
    Map<String, String> values =
        Map.of(
            "/process/args", "5",
            "/process/env", "{}",
            "/process/user", "'root'",
            "/process/user/uid", "'zero'",
            "/mounts", "{}",
            "/root", "[]",
            "/linux/namespaces", "'all'",
            "/process/noNewPrivileges", "'yes'",
            "/hostname", "[1]");
    values.forEach((pointer, value) -> {
      Bundle bundle = box.bundle();
      if (pointer.equals("/process/user/uid")) {
        ((ObjectNode) bundle.config().at("/process/user")).put("uid", "zero");
      } else {
        bundle.set(pointer, value);
      }
      expectRefusal(box, bundle.write(), pointer);
    });
    box.expectNothingLeft();
  }

  @OnGatun
  void whatTheSpecForbidsIsRefusedWithItsPlace(Box box) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("/process/user/uid", "-1");
    values.put("/process/user/umask", "4096");
    values.put("/process/args", "[]");
    values.put("/process/cwd", "'relative'");
    values.put("/process/oomScoreAdj", "1001");
    values.put("/linux/rootfsPropagation", "'sideways'");
    values.put("/ociVersion", "'3.0.0'");
    values.forEach(
        (pointer, value) -> expectRefusal(box, box.bundle().set(pointer, value).write(), pointer));
    expectRefusal(box, box.bundle().remove("/ociVersion").write(), "ociVersion");
    expectRefusal(box, box.bundle().remove("/process").write(), "process");
    expectRefusal(box, box.bundle().remove("/root").write(), "root");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aMissingRootIsRefused(Box box) throws IOException {
    Bundle bundle = box.bundle().set("/root/path", "'nowhere'");
    expectRefusal(box, bundle.write(), "nowhere", "/root/path");
    Files.writeString(bundle.directory().resolve("file"), "");
    expectRefusal(box, bundle.set("/root/path", "'file'").write(), "/root/path");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void duplicateNamespacesAreRefused(Box box) {
    Bundle bundle = box.bundle();
    bundle.namespaces().addObject().put("type", "network");
    int index = bundle.namespaces().size() - 1;
    expectRefusal(box, bundle.write(), "/linux/namespaces/" + index, "network");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void unknownNamesAreRefused(Box box) {
    Bundle namespace = box.bundle();
    namespace.namespaces().addObject().put("type", "weather");
    expectRefusal(box, namespace.write(), "weather");
    Bundle limit =
        box.bundle().set("/process/rlimits", "[{'type': 'RLIMIT_LUCK', 'soft': 1, 'hard': 1}]");
    expectRefusal(box, limit.write(), "RLIMIT_LUCK", "/process/rlimits/0");
    box.expectNothingLeft();
  }

  @OnGatun
  void unknownCapabilitiesAreRefused(Box box) {
    // runc warns and goes on.
    Bundle bundle = box.bundle().set("/process/capabilities/bounding", "['CAP_FLY']");
    expectRefusal(box, bundle.write(), "CAP_FLY", "/process/capabilities/bounding/0");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aBundleThatCannotBeReadIsRefused(Box box) throws IOException {
    expectRefusal(box, box.directory().resolve("nowhere").toString(), "no such file or directory");
    Path empty = box.hostDirectory("empty");
    expectRefusal(box, empty.toString(), "config.json");
    Path file = box.hostFile("file", "");
    expectRefusal(box, file.toString(), "not a directory");
    Path directory = Files.createDirectories(empty.resolve("config.json"));
    expectRefusal(box, empty.toString(), "config.json", "is a directory");
    Files.delete(directory);
    // Root reads every mode; a link that leads to itself is what even root cannot open.
    Files.createSymbolicLink(directory, Path.of("config.json"));
    expectRefusal(box, empty.toString(), "config.json");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void badIdsAreRefused(Box box) {
    String bundle = box.bundle().args("/bin/true").write();
    String token = box.token();
    for (String id :
        List.of(
            "",
            ".",
            "..",
            token + "/b",
            "../" + token,
            "/" + token,
            token + " b",
            token + "\n",
            token + "\u00e9",
            token + "*")) {
      for (String command : List.of("create", "run")) {
        Command call = box.call(command, "--bundle", bundle, id);
        call.expectFailure("id");
      }
    }
    assertFalse(Files.exists(box.directory().resolve(token)));
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void idsOfOtherCommandsDoNotLeaveTheStateRoot(Box box) throws IOException {
    Path outside = box.hostDirectory("outside");
    Files.writeString(outside.resolve("state.json"), "{}");
    box.start(box.bundle().args("/bin/sleep", "1000"));
    for (String command : List.of("state", "start", "kill", "delete")) {
      box.call(command, "../outside").expectFailure();
    }
    Command force = box.call("delete", "--force", "../outside");
    assertTrue(Files.exists(outside.resolve("state.json")), force::toString);
  }

  @OnEveryRuntime
  void everyGoodIdIsTaken(Box box) {
    String bundle = box.bundle().args("/bin/true").write();
    for (String id : List.of("A_b+c.d-e", "0", "x".repeat(100))) {
      String unique = id + box.token();
      box.call("run", "--bundle", bundle, unique).expectSuccess();
    }
  }
}
