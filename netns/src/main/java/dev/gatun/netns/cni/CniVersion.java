package dev.gatun.netns.cni;

import org.jspecify.annotations.Nullable;

/** The versions of the protocol that are spoken here, from the oldest to the newest. */
public enum CniVersion {
  /** The first with results that name interfaces, and with chains of plugins. */
  V0_3_0("0.3.0"),
  /** As 0.3.0. */
  V0_3_1("0.3.1"),
  /** With CHECK, and with the result of ADD for DEL. */
  V0_4_0("0.4.0"),
  /** Without the kind of an IP address beside the address. */
  V1_0_0("1.0.0"),
  /** With GC and STATUS, and with more properties of interfaces and routes. */
  V1_1_0("1.1.0");

  private final String text;

  CniVersion(String text) {
    this.text = text;
  }

  /**
   * Finds a version.
   *
   * @param text such as {@code 1.0.0}
   * @return the version, or null when it is not spoken here
   */
  public static @Nullable CniVersion of(String text) {
    for (CniVersion version : values()) {
      if (version.text.equals(text)) {
        return version;
      }
    }
    return null;
  }

  /** Whether plugins know CHECK, and want the result of ADD for DEL. */
  boolean hasCheck() {
    return compareTo(V0_4_0) >= 0;
  }

  /** Whether plugins know GC and STATUS, and results more of interfaces and routes. */
  boolean hasGc() {
    return compareTo(V1_1_0) >= 0;
  }

  /** Whether results say 4 or 6 beside an IP address. */
  boolean tellsIpVersions() {
    return compareTo(V1_0_0) < 0;
  }

  /** All versions, for messages. */
  static String all() {
    StringBuilder all = new StringBuilder();
    for (CniVersion version : values()) {
      all.append(all.isEmpty() ? "" : ", ").append(version.text);
    }
    return all.toString();
  }

  /** The version as it is written. */
  @Override
  public String toString() {
    return text;
  }
}
