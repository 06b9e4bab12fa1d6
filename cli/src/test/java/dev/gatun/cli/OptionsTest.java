package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {
  private static final Option[] TABLE = {
    Option.value("bundle", 'b', "DIR", ""),
    Option.flag("force", 'f', ""),
    Option.value("n", (char) 0, "N", ""),
    new Option("env", 'e', "NAME=VALUE", true, ""),
  };

  private static Options parse(String... words) {
    return Options.parse(List.of(words), 0, TABLE, false);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--bundle x", "--bundle=x", "-bundle x", "-bundle=x", "-b x", "-b=x", "--b x"})
  void valuesInEveryForm(String line) {
    Options options = parse((line + " id").split(" ", -1));
    assertEquals("x", options.get("bundle"));
    assertEquals(List.of("id"), options.arguments());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--force", "-force", "-f", "--force=true", "-f=true", "-f=false --force"})
  void flagsInEveryForm(String line) {
    assertTrue(parse(line.split(" ", -1)).has("force"));
  }

  @Test
  void aFlagTakesNoWord() {
    Options options = parse("--force", "false");
    assertTrue(options.has("force"));
    assertEquals(List.of("false"), options.arguments());
  }

  @Test
  void aFlagIsSwitchedOffAgain() {
    assertFalse(parse("--force", "--force=false").has("force"));
  }

  @Test
  void theLastValueCounts() {
    assertEquals("2", parse("-b", "1", "-b", "2").get("bundle"));
  }

  @Test
  void valuesMayBeEmptyOrLookLikeOptions() {
    assertEquals("", parse("--bundle=").get("bundle"));
    assertEquals("--force", parse("--bundle", "--force").get("bundle"));
    assertEquals("a=b", parse("--bundle=a=b").get("bundle"));
  }

  @Test
  void optionsAreFoundBehindArguments() {
    Options options = parse("id", "--force");
    assertTrue(options.has("force"));
    assertEquals(List.of("id"), options.arguments());
  }

  @Test
  void twoDashesEndTheOptions() {
    assertEquals(List.of("--force", "--"), parse("--", "--force", "--").arguments());
    assertFalse(parse("--", "--force").has("force"));
  }

  @Test
  void aDashIsAnArgument() {
    assertEquals(List.of("-"), parse("-").arguments());
  }

  @Test
  void theRestBelongsToAnotherProgram() {
    Options options = Options.parse(List.of("ps", "-f", "id", "-f", "--", "-b"), 1, TABLE, true);
    assertTrue(options.has("force"));
    assertEquals(List.of("id", "-f", "--", "-b"), options.arguments());
  }

  @Test
  void errorsNameTheWord() {
    assertError("flag provided but not defined: --nope", "--nope=3");
    assertError("flag provided but not defined: -nope", "-nope");
    assertError("flag provided but not defined: --fo", "--fo");
    assertError("flag needs an argument: --bundle", "--bundle");
    assertError("flag needs an argument: -b", "id", "-b");
    assertError("invalid boolean value \"yes\" for --force", "-f=yes");
    assertError("invalid boolean value \"\" for --force", "--force=");
  }

  private static void assertError(String message, String... words) {
    assertEquals(message, assertThrows(UsageException.class, () -> parse(words)).getMessage());
  }

  @Test
  void numbers() {
    assertEquals(0, parse().number("n"));
    assertEquals(999_999_999, parse("--n", "999999999").number("n"));
    for (String bad : new String[] {"", "-1", "+1", " 1", "1 ", "0x1", "1000000000", "١"}) {
      Options options = parse("--n=" + bad);
      UsageException e = assertThrows(UsageException.class, () -> options.number("n"), bad);
      assertEquals(
          "invalid value \"" + bad + "\" for --n: it must be a number from 0 to 999999999",
          e.getMessage());
    }
  }

  @Test
  void absentOptions() {
    assertNull(parse().get("bundle"));
    assertEquals(".", parse().get("bundle", "."));
    assertFalse(parse().has("force"));
  }

  /** Lines made from what they mean, in random forms, mean it again. */
  @Test
  void whatIsWrittenIsRead() {
    Random random = new Random(20261121);
    String[] values = {"", "x", "a=b", "-f", "--", "two words", "ü"};
    for (int round = 0; round < 2000; round++) {
      List<String> words = new ArrayList<>();
      List<String> arguments = new ArrayList<>();
      String bundle = null;
      boolean force = false;
      for (int i = random.nextInt(6); i > 0; i--) {
        String dashes = random.nextBoolean() ? "-" : "--";
        switch (random.nextInt(3)) {
          case 0 -> {
            bundle = values[random.nextInt(values.length)];
            String name = dashes + (random.nextBoolean() ? "b" : "bundle");
            if (random.nextBoolean()) {
              words.add(name + "=" + bundle);
            } else {
              words.add(name);
              words.add(bundle);
            }
          }
          case 1 -> {
            force = random.nextBoolean();
            words.add(dashes + "force" + (force && random.nextBoolean() ? "" : "=" + force));
          }
          default -> {
            String argument = "argument" + i;
            words.add(argument);
            arguments.add(argument);
          }
        }
      }
      Options options = Options.parse(words, 0, TABLE, false);
      assertEquals(bundle, options.get("bundle"), () -> words.toString());
      assertEquals(force, options.has("force"), () -> words.toString());
      assertEquals(arguments, options.arguments(), () -> words.toString());
    }
  }
}
