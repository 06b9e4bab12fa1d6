package dev.gatun.netns.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The constants agree with what a C compiler makes of the headers. */
class HeadersTest {
  private static final String[] HEADERS = {
    "stddef.h",
    "sys/socket.h",
    "linux/netlink.h",
    "linux/rtnetlink.h",
    "linux/if_link.h",
    "linux/if_addr.h",
    "linux/neighbour.h",
    "linux/veth.h",
    "linux/netfilter/nfnetlink.h"
  };

  private static final List<String> STRUCTS = List.of("ifinfomsg", "ifaddrmsg", "rtmsg", "ndmsg");

  @TempDir Path scratch;

  @Test
  void constants() throws IOException, InterruptedException, IllegalAccessException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "no gcc: install the package gcc");
    List<String> lines = new ArrayList<>();
    for (String header : HEADERS) {
      lines.add("#include <" + header + ">");
    }
    int compared = 0;
    for (Class<?> table : List.of(Netlink.class, Rtnetlink.class)) {
      for (Field field : table.getFields()) {
        lines.add(equal(expression(field.getName()), field.getInt(null)));
        compared++;
      }
    }
    assertTrue(compared > 100, "only " + compared + " constants compared");
    assertEquals("", compile(lines));
    // The same file with one wrong line has to fail, or nothing above was checked.
    lines.add(equal("sizeof(int)", 5));
    assertTrue(compile(lines).contains("sizeof(int)"));
  }

  /** Offsets are named STRUCT_FIELD, sizes SIZEOF_STRUCT. */
  private static String expression(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.startsWith("sizeof_")) {
      return "sizeof(struct " + lower.substring(lower.indexOf('_') + 1) + ")";
    }
    for (String struct : STRUCTS) {
      if (lower.startsWith(struct + "_")) {
        return "offsetof(struct " + struct + ", " + lower.substring(struct.length() + 1) + ")";
      }
    }
    return name;
  }

  private static String equal(String expression, int value) {
    return "_Static_assert((int) (" + expression + ") == " + value + ", \"" + expression + "\");";
  }

  private String compile(List<String> lines) throws IOException, InterruptedException {
    Path source = scratch.resolve("check.c");
    Files.write(source, lines);
    Process process =
        new ProcessBuilder("gcc", "-std=gnu11", "-fsyntax-only", source.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    return status == 0 || !output.isEmpty() ? output : "gcc exits with " + status;
  }
}
