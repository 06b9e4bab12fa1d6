package dev.gatun.cgroups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CgroupRootTest {
  private static final String PURE =
      """
      21 27 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
      30 21 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup2 rw,nsdelegate
      """;
  private static final String HYBRID =
      """
      31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
      36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
      41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
      """;

  private static CgroupRoot parse(String mountinfo, String cgroup) {
    return CgroupRoot.parse(
        mountinfo.getBytes(StandardCharsets.UTF_8), cgroup.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void pureVersion2() {
    CgroupRoot root = parse(PURE, "0::/user.slice/a b\n");
    assertEquals(new CgroupRoot("/sys/fs/cgroup", "/user.slice/a b", List.of()), root);
  }

  @Test
  void hybrid() {
    CgroupRoot root =
        parse(HYBRID, "9:name=systemd:/\n6:devices:/x\n1:cpu,cpuacct:/y:0:/z\n0::/\n");
    assertEquals(
        new CgroupRoot("/sys/fs/cgroup/unified", "/", List.of("devices", "cpu", "cpuacct")), root);
  }

  @Test
  void theUsualPlacesArePreferredAndLaterMountsCoverEarlierOnes() {
    String more =
        "50 1 0:38 / /tmp/x rw - cgroup2 none rw\n51 1 0:38 /a /sys/fs/cgroup rw - cgroup2 c rw\n";
    assertEquals(
        new CgroupRoot("/sys/fs/cgroup", "/b", List.of()), parse(PURE + more, "0::/a/b\n"));
    assertEquals("/tmp/x", parse(more.substring(0, more.indexOf('\n')), "").mountPoint());
  }

  @Test
  void noCgroup2() {
    CgroupRoot root = parse("36 31 0:33 / /cg\\040cgroup2 rw - cgroup cgroup2 rw\n", "0::/\n");
    assertNull(root.mountPoint());
    assertEquals("/", root.own());
  }

  @Test
  void optionalFieldsAndEscapes() {
    CgroupRoot root =
        parse(
            "5 1 0:3 / /a\\040b\\134c\\011 rw master:1 propagate_from:2 - cgroup2 a\\040b rw\n",
            "");
    assertEquals("/a b\\c\t", root.mountPoint());
    assertNull(root.own());
  }

  @Test
  void aMountOfASubtreeHidesWhatIsOutsideOfIt() {
    String mount = "5 1 0:3 /pod /cg rw - cgroup2 cgroup2 rw\n";
    assertEquals("/x", parse(mount, "0::/pod/x\n").own());
    assertEquals("/", parse(mount, "0::/pod\n").own());
    assertNull(parse(mount, "0::/podium\n").own());
    assertNull(parse(mount, "0::/\n").own());
  }

  @Test
  void anyBytesAreRead() {
    Random random = new Random(20260101);
    byte[] seed = (PURE + HYBRID).getBytes(StandardCharsets.UTF_8);
    byte[] letters = " -/:\\0123\ncgroup2,=".getBytes(StandardCharsets.UTF_8);
    for (int round = 0; round < 20_000; round++) {
      byte[] text = seed.clone();
      for (int i = random.nextInt(30); i > 0; i--) {
        text[random.nextInt(text.length)] =
            random.nextInt(4) == 0
                ? (byte) random.nextInt(256)
                : letters[random.nextInt(letters.length)];
      }
      byte[] cut = java.util.Arrays.copyOf(text, random.nextInt(text.length + 1));
      CgroupRoot root = CgroupRoot.parse(cut, text);
      if (root.mountPoint() != null && root.own() != null) {
        assertEquals('/', root.own().charAt(0));
      }
    }
  }

  @Test
  void wellFormedLinesComeBack() {
    Random random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      StringBuilder path = new StringBuilder("/");
      StringBuilder escaped = new StringBuilder("/");
      for (int i = random.nextInt(20); i > 0; i--) {
        char c = " \\\t\nabc/é".charAt(random.nextInt(9));
        path.append(c);
        escaped.append(
            switch (c) {
              case ' ' -> "\\040";
              case '\\' -> "\\134";
              case '\t' -> "\\011";
              case '\n' -> "\\012";
              default -> String.valueOf(c);
            });
      }
      String line = "1 2 3:4 / " + escaped + " rw shared:1 - cgroup2 cgroup2 rw\n";
      assertEquals(path.toString(), parse(line, "").mountPoint());
    }
  }
}
