package dev.gatun.cgroups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupPathTest {
  private static String path(@Nullable String own, @Nullable String asked) {
    CgroupPath path = CgroupPath.of(new CgroupRoot("/cg", own, List.of()), asked, "id");
    assertNotNull(path);
    assertEquals("/cg" + path.path(), path.directory());
    return path.path();
  }

  @Test
  void asRuncsCgroupfsDriver() {
    assertEquals("/a/b", path("/x/y", "/a/b"));
    assertEquals("/x/a/b", path("/x/y", "a/b"));
    assertEquals("/x/id", path("/x/y", null));
    assertEquals("/x/id", path("/x/y", ""));
    assertEquals("/id", path("/", ""));
    assertEquals("/id", path("/y", ""));
    assertEquals("/a", path(null, "/a"));
  }

  @Test
  void slashFormsAreNormalised() {
    assertEquals("/a/b", path("/", "//a/./b//"));
    assertEquals("/x/a/b", path("/x/y", "./a//b/."));
    assertEquals("/..a/b..", path("/", "/..a/b.."));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "//",
        ".",
        "/.",
        "..",
        "/..",
        "/a/..",
        "a/../../b",
        "../x",
        "/a/b/..",
        "/\0",
        "/a\nb",
        "a\0b",
        "system.slice:gatun:id",
        ":a:b"
      })
  void refused(String asked) {
    CgroupException e = assertThrows(CgroupException.class, () -> path("/x/y", asked));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("find the cgroup: path \""), message);
    assertTrue(message.endsWith(" [config.json /linux/cgroupsPath]"), message);
    assertFalse(message.indexOf('\n') >= 0);
  }

  @Test
  void aPartIsAtMost255BytesLong() {
    assertEquals("/" + "x".repeat(255), path("/", "/" + "x".repeat(255)));
    assertThrows(CgroupException.class, () -> path("/", "/" + "x".repeat(256)));
    assertThrows(CgroupException.class, () -> path("/", "/" + "é".repeat(128)));
  }

  @Test
  void anOwnCgroupOutsideOfTheMountOrTheNamespaceIsNoBase() {
    assertThrows(CgroupException.class, () -> path(null, "a"));
    assertThrows(CgroupException.class, () -> path("/../../b", "a"));
  }

  @Test
  void withoutCgroup2ThereIsNone() {
    assertNull(CgroupPath.of(new CgroupRoot(null, "/", List.of()), "/a", "id"));
    assertThrows(
        CgroupException.class,
        () -> CgroupPath.of(new CgroupRoot(null, "/", List.of()), "/../a", "id"));
  }

  @Test
  void storedPathsAreChecked() {
    for (String bad : List.of("", "/", "a", "/a/", "/a//b", "/a/../b", "/./a")) {
      assertThrows(CgroupException.class, () -> new CgroupPath("/cg", bad), bad);
    }
    assertEquals("/a/b", new CgroupPath("/", "/a/b").directory());
  }

  @Test
  void noPathLeavesItsBase() {
    Random random = new Random(11);
    for (int round = 0; round < 50_000; round++) {
      StringBuilder asked = new StringBuilder();
      for (int i = random.nextInt(12); i > 0; i--) {
        asked.append("/./..ab:\0".charAt(random.nextInt(9)));
      }
      String path;
      try {
        path = path("/base/own", asked.toString());
      } catch (CgroupException e) {
        continue;
      }
      assertEquals(
          java.nio.file.Path.of("/base")
              .resolve(asked.isEmpty() ? "id" : asked.toString())
              .normalize()
              .toString(),
          path);
      assertTrue(asked.indexOf("/") == 0 || path.startsWith("/base/"), path);
    }
  }
}
