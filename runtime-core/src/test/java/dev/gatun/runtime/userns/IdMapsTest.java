package dev.gatun.runtime.userns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdMapsTest {
  private static final Privileges USER = new Privileges(1000, 100, false, "");

  private static Spec spec(String linux, String user) {
    String text =
        "{'ociVersion': '1.3.0', 'root': {'path': 'rootfs'}, 'process': {'cwd': '/', 'args': ['x'],"
            + " 'user': "
            + user
            + "}, 'linux': "
            + linux
            + "}";
    return SpecReader.readValid(
        text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "config.json");
  }

  private static String mapped(String uids, String gids) {
    return "{'namespaces': [{'type': 'user'}], 'uidMappings': ["
        + uids
        + "], 'gidMappings': ["
        + gids
        + "]}";
  }

  private static String range(long container, long host, long size) {
    return "{'containerID': " + container + ", 'hostID': " + host + ", 'size': " + size + "}";
  }

  private static String refusal(Spec spec, Privileges privileges) {
    return String.valueOf(
        assertThrows(ConfigException.class, () -> IdMaps.check(spec, privileges)).getMessage());
  }

  @Test
  void aMapHasALineForEachRange() {
    List<IdMapping> ranges =
        List.of(new IdMapping(0, 100000, 1000), new IdMapping(1000, 4294967294L, 1));
    assertEquals(
        "0 100000 1000\n1000 4294967294 1\n",
        new String(IdMaps.text(ranges), StandardCharsets.US_ASCII));
    assertTrue(IdMaps.maps(ranges, 999) && IdMaps.maps(ranges, 1000));
    assertFalse(IdMaps.maps(ranges, 1001));
  }

  @Test
  void onlyTheOwnIdAloneIsAnybodys() {
    assertTrue(IdMaps.isOwn(List.of(new IdMapping(5, 1000, 1)), 1000));
    assertFalse(IdMaps.isOwn(List.of(new IdMapping(0, 1000, 2)), 1000));
    assertFalse(IdMaps.isOwn(List.of(new IdMapping(0, 1001, 1)), 1000));
    assertFalse(IdMaps.isOwn(List.of(new IdMapping(0, 1000, 1), new IdMapping(1, 2000, 1)), 1000));
  }

  @Test
  void anOrdinaryUserNeedsAUserNamespace() {
    Spec none = spec("{'namespaces': [{'type': 'mount'}]}", "{'uid': 0, 'gid': 0}");
    IdMaps.check(none, Privileges.ROOT);
    assertTrue(refusal(none, USER).contains("user 1000 is not root and needs a user namespace"));
    assertTrue(refusal(none, USER).contains("/linux/namespaces"));
  }

  @Test
  void theFirstProcessAndItsGroupsAreMapped() {
    String both = range(0, 1000, 1);
    IdMaps.check(spec(mapped(both, both), "{'uid': 0, 'gid': 0}"), USER);
    assertTrue(
        refusal(spec(mapped(range(1, 1000, 1), both), "{'uid': 1, 'gid': 0}"), USER)
            .contains("the container's user 0 is not mapped"));
    String message = refusal(spec(mapped(both, both), "{'uid': 0, 'gid': 7}"), Privileges.ROOT);
    assertTrue(message.contains("group 7 is not mapped"), message);
    assertTrue(message.contains("/process/user/gid"), message);
    String groups = "{'uid': 0, 'gid': 0, 'additionalGids': [0]}";
    IdMaps.check(spec(mapped(both, both), groups), Privileges.ROOT);
    String lost = refusal(spec(mapped(both, range(0, 100, 1)), groups), USER);
    assertTrue(lost.contains("loses setgroups(2)"), lost);
    assertTrue(lost.contains("/process/user/additionalGids/0"), lost);
  }

  @Test
  void aNewNamespaceNeedsMapsAndAJoinedOneHasThem() {
    String user = "{'uid': 9, 'gid': 9}";
    assertTrue(
        refusal(spec("{'namespaces': [{'type': 'user'}]}", user), Privileges.ROOT)
            .contains("needs uidMappings"));
    IdMaps.check(spec("{'namespaces': [{'type': 'user', 'path': '/proc/1/ns/user'}]}", user), USER);
  }

  @Test
  void theKernelTakesOnlySoManyRanges() {
    List<IdMapping> many = new ArrayList<>();
    for (int i = 0; i < 341; i++) {
      many.add(new IdMapping(i, i, 1));
    }
    assertTrue(
        String.valueOf(
                assertThrows(ConfigException.class, () -> IdMaps.checkSize(many, "/x"))
                    .getMessage())
            .contains("341 ranges"));
    List<IdMapping> long340 = new ArrayList<>();
    for (int i = 0; i < 340; i++) {
      long340.add(new IdMapping(1000000000L + i, 1000000000L + i, 1));
    }
    assertTrue(
        String.valueOf(
                assertThrows(ConfigException.class, () -> IdMaps.checkSize(long340, "/x"))
                    .getMessage())
            .contains("8160 bytes"));
    IdMaps.checkSize(long340.subList(0, 170), "/x");
  }

  @Test
  void theInitialMapIsKnown() {
    assertFalse(Privileges.isNested("         0          0 4294967295\n"));
    assertFalse(Privileges.isNested(""), "a kernel without user namespaces");
    assertTrue(Privileges.isNested("         0       1000          1\n"));
    assertTrue(Privileges.isNested("         0          0 4294967294\n"));
    assertTrue(Privileges.isNested("         0          0          1\n 1 100000 65536\n"));
  }
}
