package dev.gatun.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.GroupLayout;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The tables written by hand agree with what jextract read from the headers. */
class GeneratedHeadersTest {
  @ParameterizedTest
  @EnumSource(Arch.class)
  void constants(Arch arch) throws ReflectiveOperationException {
    GeneratedHeaders headers = new GeneratedHeaders(arch);
    List<String> wrong = new ArrayList<>();
    TreeSet<String> missing = new TreeSet<>();
    int compared = 0;
    for (Field field : Constants.class.getFields()) {
      String name = field.getName();
      if (headers.constant(name).isEmpty()) {
        missing.add(name);
      } else if (headers.equal(name, field.getLong(null))) {
        compared++;
      } else {
        wrong.add(name + " is " + field.getLong(null) + ", header " + headers.constant(name));
      }
    }
    assertEquals(List.of(), wrong);
    missing.removeAll(NewerThanHeaders.POINTERS.keySet());
    assertEquals(new TreeSet<>(NewerThanHeaders.CONSTANTS.keySet()), missing);
    assertTrue(compared > 800, "only " + compared + " constants compared");
  }

  @ParameterizedTest
  @EnumSource(Arch.class)
  void constantsThatDifferBetweenArchitectures(Arch arch) throws ReflectiveOperationException {
    GeneratedHeaders headers = new GeneratedHeaders(arch);
    assertTrue(headers.equal("O_DIRECT", arch.O_DIRECT()));
    assertTrue(headers.equal("O_DIRECTORY", arch.O_DIRECTORY()));
    assertTrue(headers.equal("O_LARGEFILE", arch.O_LARGEFILE()));
    assertTrue(headers.equal("O_NOFOLLOW", arch.O_NOFOLLOW()));
    assertTrue(headers.equal("O_TMPFILE", arch.O_TMPFILE()));
    assertTrue(headers.equal(arch == Arch.X86_64 ? "EM_X86_64" : "EM_AARCH64", arch.elfMachine()));
  }

  @ParameterizedTest
  @EnumSource(Arch.class)
  void errnos(Arch arch) throws ReflectiveOperationException {
    GeneratedHeaders headers = new GeneratedHeaders(arch);
    List<String> wrong = new ArrayList<>();
    for (Field field : Errno.class.getFields()) {
      if (!headers.equal(field.getName(), field.getInt(null))) {
        wrong.add(field.getName());
      }
    }
    assertEquals(List.of(), wrong);
  }

  @ParameterizedTest
  @EnumSource(Arch.class)
  void systemCallNumbers(Arch arch) throws ReflectiveOperationException {
    GeneratedHeaders headers = new GeneratedHeaders(arch);
    List<String> wrong = new ArrayList<>();
    TreeSet<Syscall> missing = new TreeSet<>();
    for (Syscall call : Syscall.values()) {
      String name = "__NR_" + call.kernelName();
      if (headers.constant(name).isEmpty()) {
        missing.add(call);
      } else if (!headers.equal(name, call.number(arch))) {
        wrong.add(name + " is " + headers.constant(name) + ", not " + call.number(arch));
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(new TreeSet<>(NewerThanHeaders.CALLS.keySet()), missing);
  }

  @ParameterizedTest
  @EnumSource(Arch.class)
  void layouts(Arch arch) throws ReflectiveOperationException {
    GeneratedHeaders headers = new GeneratedHeaders(arch);
    List<String> wrong = new ArrayList<>();
    for (StructTable.Entry entry : StructTable.entries()) {
      GroupLayout layout = headers.layout(entry.struct().layout());
      OptionalLong value =
          entry.field().isEmpty()
              ? OptionalLong.of(layout.byteSize())
              : GeneratedHeaders.offset(layout, entry.layoutPath());
      if (!value.equals(OptionalLong.of(entry.value()))) {
        wrong.add(entry + " but the layout says " + value);
      }
    }
    assertEquals(List.of(), wrong);
    GroupLayout event = headers.layout("epoll_event");
    assertEquals(event.byteSize(), Structs.sizeofEpollEvent(arch));
    assertEquals(
        GeneratedHeaders.offset(event, "data"), OptionalLong.of(Structs.epollEventData(arch)));
  }
}
