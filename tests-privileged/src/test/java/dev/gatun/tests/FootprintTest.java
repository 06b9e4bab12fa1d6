package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** What a created container costs and whose child it is. */
class FootprintTest {
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int WNOHANG = 1;

  @OnGatun
  void aCreatedContainerTakesAtMost24Kilobytes(Box box) {
    long pid = box.pid(box.create(box.bundle()));
    String rollup = ProcFs.read(pid, "smaps_rollup");
    long kilobytes = Long.parseLong(ProcFs.field(rollup, "Rss").replace(" kB", ""));
    assertTrue(kilobytes <= 24, () -> "Rss " + kilobytes + " kB\n" + ProcFs.read(pid, "smaps"));
  }

  @OnGatun
  void nothingOfTheRuntimeStaysBesideACreatedContainer(Box box) {
    box.create(box.bundle());
    assertTrue(
        Wait.within(
            java.time.Duration.ofSeconds(20),
            () -> Leftovers.of(box.token(), box.stateRoot()).processes().size() == 1),
        () -> "processes:" + Leftovers.of(box.token(), box.stateRoot()));
  }

  @OnEveryRuntime
  @SuppressWarnings("restricted") // prctl(2) and waitpid(2) have no other way into a test
  void aSubreaperThatCalledCreateReapsTheContainer(Box box) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle prctl =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("prctl"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
    MethodHandle waitpid =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("waitpid"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    assertEquals(0, (int) prctl.invokeExact(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L));
    try (Arena arena = Arena.ofConfined()) {
      String id = box.create(box.bundle().script("exit 23"));
      int pid = (int) box.pid(id);
      box.call("start", id).expectSuccess();
      MemorySegment status = arena.allocate(ValueLayout.JAVA_INT);
      int reaped = 0;
      for (int attempt = 0; attempt < 6000 && reaped == 0; attempt++) {
        Wait.pause(java.time.Duration.ofMillis(5));
        reaped = (int) waitpid.invokeExact(pid, status, WNOHANG);
      }
      assertEquals(pid, reaped, "the container was not this process's child");
      assertEquals(23 << 8, status.get(ValueLayout.JAVA_INT, 0));
      box.call("delete", id).expectSuccess();
    } finally {
      assertEquals(0, (int) prctl.invokeExact(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L));
    }
  }
}
