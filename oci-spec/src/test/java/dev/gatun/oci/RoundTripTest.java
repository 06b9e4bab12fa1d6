package dev.gatun.oci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoundTripTest {
  private static final int DOCUMENTS = 400;

  static final List<String> CONFIGS = Fixtures.CONFIGS;

  @ParameterizedTest
  @FieldSource("CONFIGS")
  void fixturesSurvive(String name) throws IOException {
    byte[] original = Fixtures.bytes(name);
    Spec spec = SpecReader.readValid(original, name);
    assertEquals(List.of(), spec.unknownProperties());
    byte[] compact = SpecWriter.write(JsonWriter.compact(), spec).toByteArray();
    byte[] pretty = SpecWriter.write(JsonWriter.pretty("\t"), spec).toByteArray();
    assertEquals(spec, SpecReader.readValid(compact, name));
    assertEquals(spec, SpecReader.readValid(pretty, name));
    // compared by a reader that knows nothing of the records: nothing was lost or added
    assertEquals(Fixtures.significant(original), Fixtures.significant(compact));
    assertEquals(Fixtures.significant(original), Fixtures.significant(pretty));
  }

  @Test
  void runcsFeaturesSurvive() throws IOException {
    byte[] original = Fixtures.bytes("runc-features.json");
    Features features = SpecReader.readFeatures(original, "features");
    byte[] written = SpecWriter.write(JsonWriter.compact(), features).toByteArray();
    assertEquals(features, SpecReader.readFeatures(written, "features"));
    assertEquals(Fixtures.significant(original), Fixtures.significant(written));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void randomDocumentsSurvive(boolean pretty) {
    for (long seed = 0; seed < DOCUMENTS; seed++) {
      RandomDocuments random = new RandomDocuments(seed);
      Spec spec = random.randomSpec();
      byte[] written = SpecWriter.write(writer(pretty), spec).toByteArray();
      Spec read = SpecReader.read(written, "config.json");
      assertEquals(spec, read, "seed " + seed);
      assertArrayEquals(
          written, SpecWriter.write(writer(pretty), read).toByteArray(), "seed " + seed);

      Process process = random.randomProcess();
      written = SpecWriter.write(writer(pretty), process).toByteArray();
      assertEquals(process, SpecReader.readProcess(written, "p"), "seed " + seed);

      Resources resources = random.randomResources();
      written = SpecWriter.write(writer(pretty), resources).toByteArray();
      assertEquals(resources, SpecReader.readResources(written, "r"), "seed " + seed);

      State state = random.randomState();
      written = SpecWriter.write(writer(pretty), state).toByteArray();
      assertEquals(state, SpecReader.readState(written, "state"), "seed " + seed);

      Features features = random.randomFeatures();
      written = SpecWriter.write(writer(pretty), features).toByteArray();
      assertEquals(features, SpecReader.readFeatures(written, "features"), "seed " + seed);
    }
  }

  private static JsonWriter writer(boolean pretty) {
    return pretty ? JsonWriter.pretty("  ") : JsonWriter.compact();
  }

  @Test
  void uint64sAreUnsigned() {
    Process process =
        SpecReader.readProcess(
            utf8(
                """
                {"cwd":"/","rlimits":[
                  {"type":"RLIMIT_CORE","soft":9223372036854775808,"hard":18446744073709551615}]}
                """),
            "p");
    assertEquals(Long.MIN_VALUE, process.rlimits().get(0).soft());
    assertEquals(-1, process.rlimits().get(0).hard());
    String written =
        new String(
            SpecWriter.write(JsonWriter.compact(), process).toByteArray(), StandardCharsets.UTF_8);
    assertEquals(
        "{\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_CORE\","
            + "\"soft\":9223372036854775808,\"hard\":18446744073709551615}]}",
        written);
  }

  @Test
  void absentEmptyAndNullDifferWhereTheyShould() {
    Resources absent = SpecReader.readResources(utf8("{\"pids\":{}}"), "r");
    assertNotNull(absent.pids());
    assertEquals(new Resources.Pids(null), absent.pids());
    assertEquals(
        new Resources.Pids(0L),
        SpecReader.readResources(utf8("{\"pids\":{\"limit\":0}}"), "r").pids());
    Spec spec =
        SpecReader.read(
            utf8(
                """
                {"ociVersion":"1.0.0","hostname":"","process":null,"mounts":null,
                 "linux":{"maskedPaths":[],"readonlyPaths":null}}
                """),
            "c");
    assertEquals(null, spec.hostname());
    assertEquals(null, spec.process());
    assertEquals(List.of(), spec.mounts());
    Linux linux = spec.linux();
    assertNotNull(linux);
    assertEquals(List.of(), linux.maskedPaths());
    assertEquals(null, linux.readonlyPaths());
  }

  @Test
  void whatIsNotForLinuxIsRememberedAndIgnored() {
    Spec spec =
        SpecReader.read(
            utf8(
                """
                {"ociVersion":"1.0.0","windows":{"layerFolders":["x",{"a":[1]}]},
                 "mounts":[{"destination":"/a"},{"destination":"/b","x/y~":1}],
                 "process":{"cwd":"/","commandLine":"c"},"linux":{"new":[[]],"none":null}}
                """),
            "c");
    assertEquals(
        List.of("/windows", "/mounts/1/x~1y~0", "/process/commandLine", "/linux/new"),
        spec.unknownProperties());
  }

  @Test
  void collectionsCannotBeChangedAndKeepTheirOrder() {
    Spec spec =
        SpecReader.read(
            utf8("{\"ociVersion\":\"1.0.0\",\"annotations\":{\"z\":\"\",\"a\":\"\",\"m\":\"\"}}"),
            "c");
    assertEquals(List.of("z", "a", "m"), List.copyOf(spec.annotations().keySet()));
    Map<String, String> annotations = spec.annotations();
    List<Mount> mounts = spec.mounts();
    assertThrows(UnsupportedOperationException.class, () -> annotations.put("b", ""));
    assertThrows(UnsupportedOperationException.class, () -> mounts.add(mount()));
  }

  private static Mount mount() {
    return new Mount("/", null, null, List.of(), List.of(), List.of());
  }

  @Test
  void recordsCheckTheirNumbers() {
    assertThrows(IllegalArgumentException.class, () -> new User(-1, 0, null, List.of()));
    assertThrows(IllegalArgumentException.class, () -> new User(0, 1L << 32, null, List.of()));
    assertThrows(IllegalArgumentException.class, () -> new User(0, 0, null, List.of(-5L)));
    assertThrows(
        IllegalArgumentException.class, () -> new Resources.WeightDevice(8, 0, 65536, null));
  }

  @Test
  void containerProcessState() {
    State state = new State("1.0.2", "c1", State.Status.CREATING, 4422, "/b", Map.of());
    ContainerProcessState value =
        new ContainerProcessState("1.0.2", List.of("seccompFd"), 4422, "m", state);
    assertEquals(
        "{\"ociVersion\":\"1.0.2\",\"fds\":[\"seccompFd\"],\"pid\":4422,\"metadata\":\"m\","
            + "\"state\":{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"creating\","
            + "\"pid\":4422,\"bundle\":\"/b\"}}",
        new String(
            SpecWriter.write(JsonWriter.compact(), value).toByteArray(), StandardCharsets.UTF_8));
  }

  private static byte[] utf8(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }
}
