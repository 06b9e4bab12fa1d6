package dev.gatun.runtime.process;

import dev.gatun.runtime.ConfigException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The environment of a process. A name that is given twice keeps its first place and its last
 * value, as with runc, whose Go runtime keeps an environment that way.
 */
final class Environment {
  private final List<String> entries;

  /**
   * Takes over a configuration's list.
   *
   * @param env entries of the form {@code NAME=value}
   * @param place the JSON pointer of the list
   * @throws ConfigException when an entry has no name, no {@code =}, or holds a NUL
   */
  Environment(List<String> env, String place) {
    entries = new ArrayList<>(env.size() + 3);
    for (int i = 0; i < env.size(); i++) {
      String entry = env.get(i);
      if (entry.indexOf('=') <= 0 || entry.indexOf('\0') >= 0) {
        throw new ConfigException(place + "/" + i, "invalid environment variable: " + quote(entry));
      }
      put(entry);
    }
  }

  /** Text between quotes, with what would spoil a line of a message made visible. */
  static String quote(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ') {
        out.append("\\x").append((char) ('0' + (c >> 4))).append("0123456789abcdef".charAt(c & 15));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  /**
   * Sets a variable.
   *
   * @param entry {@code NAME=value}
   */
  void put(String entry) {
    int name = entry.indexOf('=') + 1;
    for (int i = 0; i < entries.size(); i++) {
      String known = entries.get(i);
      if (known.length() >= name && known.regionMatches(0, entry, 0, name)) {
        entries.set(i, entry);
        return;
      }
    }
    entries.add(entry);
  }

  /**
   * Where a variable stands.
   *
   * @param name its name
   * @return its index, or −1
   */
  int indexOf(String name) {
    for (int i = 0; i < entries.size(); i++) {
      String entry = entries.get(i);
      if (entry.length() > name.length()
          && entry.charAt(name.length()) == '='
          && entry.startsWith(name)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The value of a variable.
   *
   * @param name its name
   * @return its value, or null
   */
  @Nullable String get(String name) {
    int at = indexOf(name);
    return at < 0 ? null : entries.get(at).substring(name.length() + 1);
  }

  /** The entries, in order. */
  List<String> entries() {
    return entries;
  }
}
