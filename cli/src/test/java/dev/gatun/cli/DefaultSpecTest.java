package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.oci.SpecWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The configurations are runc's, but for the version. */
class DefaultSpecTest {
  private static final Path FIXTURES =
      Path.of("..", "oci-spec", "src", "test", "resources", "dev", "gatun", "oci");

  @Test
  void rootful() throws IOException {
    assertRunc("runc-spec.json", false, DefaultSpec.rootful(false));
    assertRunc("runc-spec.json", true, DefaultSpec.rootful(true));
  }

  @Test
  void rootless() throws IOException {
    assertRunc("runc-spec-rootless.json", false, DefaultSpec.rootless(0, 0, false));
    assertRunc("runc-spec-rootless.json", true, DefaultSpec.rootless(0, 0, true));
  }

  /** The fixtures are of a host with cgroup v1; with v2 alone runc adds one namespace. */
  private static void assertRunc(String fixture, boolean unified, Spec ours) throws IOException {
    String last = "\"type\": \"mount\"";
    String runc =
        Files.readString(FIXTURES.resolve(fixture))
            .replace(last, unified ? last + "}, {\"type\": \"cgroup\"" : last)
            .replace("\"ociVersion\": \"1.0.2-dev\"", "\"ociVersion\": \"1.3.0\"");
    byte[] written = SpecWriter.write(JsonWriter.pretty("\t"), ours).toByteArray();
    Spec theirs = SpecReader.readValid(runc.getBytes(StandardCharsets.UTF_8), fixture);
    assertEquals(theirs, SpecReader.readValid(written, "config.json"));
  }
}
