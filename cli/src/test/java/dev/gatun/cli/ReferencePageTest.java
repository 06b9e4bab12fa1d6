package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code docs/cli.md} says what the help says. */
class ReferencePageTest {
  @Test
  void thePageIsTheHelp() throws IOException {
    Path made = Path.of("target", "cli.md");
    Files.createDirectories(Path.of("target"));
    Files.writeString(made, page());
    Path page = Path.of("..", "docs", "cli.md");
    assertEquals(
        page(),
        Files.exists(page) ? Files.readString(page) : "",
        "docs/cli.md is not the help: copy cli/target/cli.md there");
  }

  private static String page() {
    StringBuilder out = new StringBuilder();
    out.append("# The command line\n\nWhat `gatun --help` and `gatun COMMAND --help` print.\n");
    append(out, "gatun", new String(Help.of(List.of()).out(), StandardCharsets.UTF_8));
    for (String name : Verbs.NAMES) {
      Verb verb = Verbs.named(name);
      if (verb != null) {
        append(out, "gatun " + name, Help.of(name, verb));
      }
    }
    return out.toString();
  }

  private static void append(StringBuilder out, String heading, String text) {
    out.append("\n## ").append(heading).append("\n\n```text\n").append(text).append("```\n");
  }
}
