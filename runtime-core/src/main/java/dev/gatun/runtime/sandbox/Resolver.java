package dev.gatun.runtime.sandbox;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Which {@code resolv.conf(5)} is the pod's. */
final class Resolver {
  /** The host's. */
  static final String CONFIG = "/etc/resolv.conf";

  /**
   * What systemd-resolved asks itself, where the host's names its stub, see {@code
   * systemd-resolved.service(8)}, "/etc/resolv.conf".
   */
  static final String UPSTREAM = "/run/systemd/resolve/resolv.conf";

  /** Where the stub listens: on the host's loopback interface. */
  private static final List<String> STUBS = List.of("127.0.0.53", "127.0.0.54");

  private Resolver() {}

  /**
   * Chooses for a pod with a network namespace of its own, which the stub cannot be reached from.
   *
   * @param config the host's
   * @param upstream systemd-resolved's, empty where there is none
   * @return the latter if the host's names the stub alone
   */
  static byte[] choose(byte[] config, byte[] upstream) {
    boolean stub = false;
    for (String line : lines(config)) {
      String server = server(line);
      if (STUBS.contains(server)) {
        stub = true;
      } else if (!server.isEmpty()) {
        return config;
      }
    }
    return stub && upstream.length > 0 ? upstream : config;
  }

  private static String[] lines(byte[] config) {
    return new String(config, StandardCharsets.ISO_8859_1).split("\n", -1);
  }

  /** The address of a line that begins with the keyword, or nothing. */
  private static String server(String line) {
    String keyword = "nameserver";
    if (!line.startsWith(keyword) || line.length() == keyword.length()) {
      return "";
    }
    char next = line.charAt(keyword.length());
    return next == ' ' || next == '\t' ? line.substring(keyword.length()).strip() : "";
  }
}
