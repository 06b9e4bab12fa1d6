package dev.gatun.tests;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The program {@code peer.c}, which Java has no datagrams and no descriptors in messages for. */
final class Peer {
  private static final class Built {
    private static final Path BINARY = build();
  }

  private Peer() {}

  private static Path build() {
    try {
      Path directory = Files.createTempDirectory("gatun-tests-peer-");
      Path binary = directory.resolve("peer");
      Path source = directory.resolve("peer.c");
      try (InputStream text = Peer.class.getResourceAsStream("/peer.c")) {
        Files.copy(Objects.requireNonNull(text), source);
      }
      Host.run("gcc", "-static", "-O1", "-o", binary.toString(), source.toString());
      Files.delete(source);
      // The last one first: a directory goes when it is empty.
      directory.toFile().deleteOnExit();
      binary.toFile().deleteOnExit();
      return binary;
    } catch (IOException e) {
      throw new AssertionError("cannot build peer.c", e);
    }
  }

  /** Starts it on the host and waits until it listens. */
  static Command listen(Box box, String... words) {
    List<String> all = new ArrayList<>();
    all.add(Built.BINARY.toString());
    all.addAll(List.of(words));
    return box.launch(box.directory(), Map.of(), all).awaitOutput("listening");
  }

  /** Puts it into a bundle as {@code /bin/peer}. */
  static void into(Bundle bundle) {
    try {
      Files.copy(
          Built.BINARY,
          bundle.rootfs().resolve("bin/peer"),
          StandardCopyOption.COPY_ATTRIBUTES,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new AssertionError("cannot copy the peer", e);
    }
  }
}
