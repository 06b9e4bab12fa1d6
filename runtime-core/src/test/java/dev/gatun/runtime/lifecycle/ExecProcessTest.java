package dev.gatun.runtime.lifecycle;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.oci.Capabilities;
import dev.gatun.oci.Capability;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.ContainerException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an exec executes: the container's process with changes, or a document. */
class ExecProcessTest {
  private static Spec spec(String process) {
    String config =
        LocalContainers.resource("runc-spec.json")
            .replaceFirst("\"process\": \\{", "\"process\": {" + process);
    return SpecReader.readValid(config.getBytes(StandardCharsets.UTF_8), "config.json");
  }

  private static Process document(String json) {
    return SpecReader.readValidProcess(json.getBytes(StandardCharsets.UTF_8), "process.json");
  }

  /** CVE-2026-30892. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "1:",
        ":1",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "0x1",
        "1e3",
        "1.0",
        "1:2:3",
        "root",
        "1,2",
        "٣",
        "4294967295",
        "4294967296",
        "18446744073709551616",
        "1:-1",
        "1:root",
        "1: 2",
        "99999999999",
        "00000000001"
      })
  void aUserIsANumberAndNothingElse(String text) {
    ContainerException e =
        assertThrows(ContainerException.class, () -> ExecProcess.Ids.parse(text));
    assertTrue(String.valueOf(e.getMessage()).startsWith("invalid user \"" + text), e::toString);
  }

  @Test
  void aUserMayHaveAGroup() {
    assertEquals(new ExecProcess.Ids(0, null), ExecProcess.Ids.parse("0"));
    assertEquals(new ExecProcess.Ids(17, 0L), ExecProcess.Ids.parse("17:0"));
    assertEquals(
        new ExecProcess.Ids(4294967294L, 4294967294L),
        ExecProcess.Ids.parse("4294967294:4294967294"));
    assertEquals(new ExecProcess.Ids(10, null), ExecProcess.Ids.parse("010"));
  }

  @Test
  void withoutChangesItIsTheContainersOwnButForItsArguments() {
    Spec spec = spec("\"oomScoreAdj\": 7, \"apparmorProfile\": \"p\", \"selinuxLabel\": \"l\",");
    Process own = requireNonNull(spec.process());
    Process changed = ExecProcess.changed(spec, ExecProcess.Changes.args(List.of("id")));
    assertEquals(List.of("id"), changed.args());
    assertEquals(own.env(), changed.env());
    assertEquals(own.cwd(), changed.cwd());
    assertEquals(own.user(), changed.user());
    assertEquals(own.capabilities(), changed.capabilities());
    assertEquals(own.rlimits(), changed.rlimits());
    assertEquals(own.noNewPrivileges(), changed.noNewPrivileges());
    assertEquals(7, changed.oomScoreAdj());
    assertEquals("p", changed.apparmorProfile());
    assertEquals("l", changed.selinuxLabel());
  }

  @Test
  void changesReplaceAndAdd() {
    Process changed =
        ExecProcess.changed(
            spec(""),
            new ExecProcess.Changes(
                List.of("id"),
                List.of("A=b"),
                "/tmp",
                new ExecProcess.Ids(5, null),
                List.of(70L),
                List.of(Capability.CAP_NET_ADMIN, Capability.CAP_KILL),
                false,
                "profile",
                "label",
                false));
    assertEquals("A=b", changed.env().getLast());
    assertEquals("/tmp", changed.cwd());
    assertEquals(5, changed.user().uid());
    assertEquals(0, changed.user().gid());
    assertEquals(List.of(70L), changed.user().additionalGids());
    assertEquals(false, changed.noNewPrivileges());
    assertEquals("profile", changed.apparmorProfile());
    assertEquals("label", changed.selinuxLabel());
    Capabilities sets = requireNonNull(changed.capabilities());
    for (var set : List.of(sets.bounding(), sets.permitted(), sets.effective())) {
      assertEquals(1, set.stream().filter(Capability.CAP_NET_ADMIN::equals).count());
      assertEquals(1, set.stream().filter(Capability.CAP_KILL::equals).count());
    }
    // CVE-2022-29162: what is added is never inheritable.
    assertTrue(!sets.inheritable().contains(Capability.CAP_NET_ADMIN));
    assertTrue(!sets.ambient().contains(Capability.CAP_NET_ADMIN));
  }

  @Test
  void aDocumentTakesFromTheContainerWhatRuncTakes() {
    Spec spec = spec("\"oomScoreAdj\": 7, \"apparmorProfile\": \"p\", \"selinuxLabel\": \"l\",");
    Process bare = document("{\"cwd\": \"/\", \"args\": [\"id\"]}");
    Process completed = ExecProcess.completed(spec, bare);
    assertEquals(requireNonNull(spec.process()).capabilities(), completed.capabilities());
    assertEquals(7, completed.oomScoreAdj());
    assertEquals("p", completed.apparmorProfile());
    assertEquals("l", completed.selinuxLabel());
    assertEquals(List.of(), completed.rlimits());
    assertEquals(List.of(), completed.env());
    assertEquals(false, completed.noNewPrivileges());
    Process full =
        document(
            "{\"cwd\": \"/\", \"args\": [\"id\"], \"capabilities\": {}, \"oomScoreAdj\": 0,"
                + " \"apparmorProfile\": \"q\", \"user\": {\"uid\": 1, \"gid\": 2, \"umask\": 3}}");
    assertEquals(0, ExecProcess.completed(spec, full).oomScoreAdj());
    assertEquals("q", ExecProcess.completed(spec, full).apparmorProfile());
    assertEquals(3, ExecProcess.completed(spec, full).user().umask());
    assertEquals(full.capabilities(), ExecProcess.completed(spec, full).capabilities());
    assertNull(bare.capabilities());
  }
}
