package dev.gatun.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Options and arguments as Go's flag parsers accept them: {@code --name value}, {@code
 * --name=value}, one dash or two, flags with {@code =true} or {@code =false}, and {@code --} before
 * arguments that begin with a dash.
 */
final class Options {
  private final Map<String, List<String>> values = new HashMap<>();
  private final List<String> arguments = new ArrayList<>();

  private Options() {}

  /**
   * Parses.
   *
   * @param words the words of the command line
   * @param from the first one that counts
   * @param table the options there are
   * @param stopAtArgument whether everything behind the first argument is an argument
   * @return what was found
   * @throws UsageException naming the word that is wrong
   */
  static Options parse(List<String> words, int from, Option[] table, boolean stopAtArgument) {
    Options options = new Options();
    int i = from;
    while (i < words.size()) {
      String word = words.get(i++);
      if (word.equals("--")) {
        options.arguments.addAll(words.subList(i, words.size()));
        break;
      }
      if (word.length() < 2 || word.charAt(0) != '-') {
        options.arguments.add(word);
        if (stopAtArgument) {
          options.arguments.addAll(words.subList(i, words.size()));
          break;
        }
        continue;
      }
      int begin = word.startsWith("--") ? 2 : 1;
      int equals = word.indexOf('=');
      String name = word.substring(begin, equals < 0 ? word.length() : equals);
      Option option = find(table, name);
      if (option == null) {
        throw new UsageException(
            "flag provided but not defined: " + word.substring(0, begin) + name);
      }
      String value;
      if (equals >= 0) {
        value = word.substring(equals + 1);
      } else if (option.isFlag()) {
        value = "true";
      } else if (i < words.size()) {
        value = words.get(i++);
      } else {
        throw new UsageException("flag needs an argument: " + word);
      }
      options.put(option, value);
    }
    return options;
  }

  private static @Nullable Option find(Option[] table, String name) {
    for (Option option : table) {
      if (option.isNamed(name)) {
        return option;
      }
    }
    return null;
  }

  private void put(Option option, String value) {
    if (option.isFlag() && !value.equals("true") && !value.equals("false")) {
      throw new UsageException("invalid boolean value \"" + value + "\" for --" + option.name());
    }
    List<String> all = values.get(option.name());
    if (all == null) {
      all = new ArrayList<>(1);
      values.put(option.name(), all);
    }
    if (!option.repeatable()) {
      all.clear();
    }
    all.add(value);
  }

  /** Whether a flag was given and not switched off again. */
  boolean has(String name) {
    return "true".equals(get(name));
  }

  /** The value of an option, or null. */
  @Nullable String get(String name) {
    List<String> all = values.get(name);
    return all == null ? null : all.getLast();
  }

  /** All values of an option that can be repeated. */
  List<String> all(String name) {
    List<String> all = values.get(name);
    return all == null ? List.of() : all;
  }

  /** The value of an option, or another one. */
  String get(String name, String otherwise) {
    String value = get(name);
    return value == null ? otherwise : value;
  }

  /** The value of an option that is a number from 0 on. */
  int number(String name) {
    String value = get(name);
    if (value == null) {
      return 0;
    }
    int number = parseNumber(value);
    if (number < 0) {
      throw new UsageException(
          "invalid value \""
              + value
              + "\" for --"
              + name
              + ": it must be a number from 0 to 999999999");
    }
    return number;
  }

  /** A decimal number of at most nine digits, or −1. */
  static int parseNumber(String text) {
    if (text.isEmpty() || text.length() > 9) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return number;
  }

  /** What is not an option. */
  List<String> arguments() {
    return arguments;
  }
}
