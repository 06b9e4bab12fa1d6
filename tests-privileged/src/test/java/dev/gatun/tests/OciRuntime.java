package dev.gatun.tests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A runtime that the suite can drive. */
enum OciRuntime {
  /** The oracle: what a test expects is what runc does. */
  RUNC,
  /** A second oracle, where runc 1.1 lacks something or both are worth comparing. */
  CRUN,
  /** The runtime under test. */
  GATUN;

  /** The runtimes named by {@code gatun.tests.runtimes}. */
  static List<OciRuntime> selected() {
    List<OciRuntime> runtimes = new ArrayList<>();
    for (String name : System.getProperty("gatun.tests.runtimes", "runc,gatun").split(",", -1)) {
      runtimes.add(valueOf(name.trim().toUpperCase(Locale.ROOT)));
    }
    return runtimes;
  }

  /** The executable; a missing one fails the test that asks, it is never skipped. */
  Path binary() {
    return switch (this) {
      case RUNC -> runc();
      case CRUN -> crun();
      case GATUN -> gatun();
    };
  }

  private static Path runc() {
    for (String place : List.of("/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc")) {
      if (Files.isExecutable(Path.of(place))) {
        return Path.of(place);
      }
    }
    throw new IllegalStateException("runc is not installed (Debian package runc)");
  }

  private static Path crun() {
    Path binary = Path.of("/usr/bin/crun");
    if (!Files.isExecutable(binary)) {
      throw new IllegalStateException("crun is not installed (Debian package crun)");
    }
    return binary;
  }

  private static Path gatun() {
    String root = System.getProperty("gatun.root", "..");
    Path binary =
        Path.of(System.getProperty("gatun.binary", root + "/dist/bin/gatun")).toAbsolutePath();
    if (!Files.isExecutable(binary)) {
      throw new IllegalStateException("no executable at " + binary + ": build gatun first");
    }
    return binary.normalize();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
