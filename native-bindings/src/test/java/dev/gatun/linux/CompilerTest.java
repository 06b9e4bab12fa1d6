package dev.gatun.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The tables written by hand agree with what C compilers make of the headers, which checks jextract
 * too: every constant, system call number, size and offset as a static assertion.
 */
class CompilerTest {
  private static final Path HEADERS = Path.of("jextract").toAbsolutePath();

  @TempDir Path scratch;

  @ParameterizedTest
  @CsvSource({"kernel", "libc"})
  void hostCompiler(String header)
      throws IOException, InterruptedException, IllegalAccessException {
    assumeTrue(found("gcc"), "no gcc: install the package gcc");
    check(Arch.host(), header, List.of("gcc"));
  }

  @ParameterizedTest
  @CsvSource({"X86_64, kernel", "X86_64, libc", "AARCH64, kernel", "AARCH64, libc"})
  void clang(Arch arch, String header)
      throws IOException, InterruptedException, IllegalAccessException {
    String clang = found("clang-14") ? "clang-14" : "clang";
    assumeTrue(found(clang), "no clang: install the package clang");
    Path flags = HEADERS.resolve(arch == Arch.X86_64 ? "x86_64.flags" : "aarch64.flags");
    String include = "-isystem";
    List<String> command = new ArrayList<>(List.of(clang));
    for (String flag : Files.readAllLines(flags)) {
      command.add(flag);
      if (flag.startsWith(include)) {
        assumeTrue(
            Files.isDirectory(Path.of(flag.substring(include.length()))),
            "no headers of aarch64: install libc6-dev-arm64-cross and linux-libc-dev-arm64-cross");
      }
    }
    assumeTrue(
        arch != Arch.X86_64 || Arch.host() == Arch.X86_64, "the headers of x86-64 are the host's");
    check(arch, header, command);
  }

  @Test
  void errnosAreNamedAsTheCLibraryDoes() throws IOException, InterruptedException {
    assumeTrue(found("gcc"), "no gcc: install the package gcc");
    Path source = scratch.resolve("errno.c");
    Files.writeString(
        source,
        """
        #define _GNU_SOURCE
        #include <stdio.h>
        #include <string.h>
        int main(void) {
          for (int i = 1; i < 200; i++) {
            const char *name = strerrorname_np(i);
            if (name) printf("%d %s %s\\n", i, name, strerror(i));
          }
          return 0;
        }
        """);
    Path program = scratch.resolve("errno");
    assertEquals("", run(List.of("gcc", "-o", program.toString(), source.toString())));
    String output = run(List.of(program.toString()));
    List<String> expected = new ArrayList<>();
    List<String> actual = new ArrayList<>();
    for (String line : output.lines().toList()) {
      String[] words = line.split(" ", 3);
      int errno = Integer.parseInt(words[0]);
      // As Go does it: a small first letter, unless the word is an abbreviation.
      String message = words[2];
      if (Character.isLowerCase(message.charAt(1))) {
        message = Character.toLowerCase(message.charAt(0)) + message.substring(1);
      }
      // glibc prefers the name of POSIX, the kernel's headers and Go that of the number.
      String name = words[1].equals("ENOTSUP") ? "EOPNOTSUPP" : words[1];
      expected.add(errno + " " + name + " " + message);
      actual.add(errno + " " + Errno.name(errno) + " " + Errno.message(errno));
    }
    assertEquals(expected, actual);
    assertEquals(true, actual.size() > 130, actual::toString);
  }

  private void check(Arch arch, String header, List<String> compiler)
      throws IOException, InterruptedException, IllegalAccessException {
    Path source = scratch.resolve("check.c");
    List<String> lines = new ArrayList<>();
    lines.add("#include \"" + HEADERS.resolve(header + ".h") + "\"");
    Set<String> included = new HashSet<>();
    for (String line : Files.readAllLines(HEADERS.resolve(header + ".includes"))) {
      String constant = "--include-constant ";
      if (line.startsWith(constant)) {
        included.add(line.substring(constant.length()));
      }
    }
    for (Class<?> table : List.of(Constants.class, Errno.class)) {
      for (Field field : table.getFields()) {
        if (included.contains(field.getName()) && !isPointer(field.getName())) {
          lines.add(equal(field.getName(), field.getLong(null)));
        }
      }
    }
    for (StructTable.Entry entry : StructTable.entries()) {
      if (entry.struct().header().equals(header)) {
        String type = entry.struct().type();
        lines.add(
            entry.field().isEmpty()
                ? equal("sizeof(" + type + ")", entry.value())
                : equal("__builtin_offsetof(" + type + ", " + entry.field() + ")", entry.value()));
      }
    }
    if (header.equals("kernel")) {
      for (Syscall call : Syscall.values()) {
        if (!NewerThanHeaders.CALLS.containsKey(call)) {
          lines.add(equal("__NR_" + call.kernelName(), call.number(arch)));
        }
      }
      lines.add(equal("O_DIRECT", arch.O_DIRECT()));
      lines.add(equal("O_DIRECTORY", arch.O_DIRECTORY()));
      lines.add(equal("O_LARGEFILE", arch.O_LARGEFILE()));
      lines.add(equal("O_NOFOLLOW", arch.O_NOFOLLOW()));
      lines.add(equal("O_TMPFILE", arch.O_TMPFILE()));
      lines.add(equal("sizeof(sigset_t)", Structs.SIZEOF_SIGSET));
      lines.add(equal("sizeof(struct epoll_event)", Structs.sizeofEpollEvent(arch)));
      lines.add(
          equal("__builtin_offsetof(struct epoll_event, data)", Structs.epollEventData(arch)));
    }
    Files.write(source, lines);
    List<String> command = new ArrayList<>(compiler);
    command.addAll(List.of("-std=gnu11", "-fsyntax-only", source.toString()));
    assertEquals("", run(command));

    // The same file with one wrong line has to fail, or nothing above was checked.
    lines.add(equal("sizeof(int)", 5));
    Files.write(source, lines);
    assertEquals(true, run(command).contains("sizeof(int)"));
  }

  private static boolean isPointer(String constant) {
    return NewerThanHeaders.POINTERS.containsKey(constant);
  }

  private static String equal(String expression, long value) {
    // A constant of ours above 31 bits may be a negative int to C, as (1 << 31).
    String unsigned = "(unsigned long long) (" + expression + ")";
    String word = "0x" + Long.toHexString(value) + "ULL";
    String equal =
        value > Integer.MAX_VALUE && value <= 0xffffffffL
            ? "((" + unsigned + ") & 0xffffffffULL) == " + word
            : unsigned + " == " + word;
    return "_Static_assert(" + equal + ", \"" + expression + "\");";
  }

  private static boolean found(String program) {
    String path = System.getenv("PATH");
    return path != null
        && Arrays.stream(path.split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (InputStream output = process.getInputStream()) {
      String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      return status == 0 || !text.isEmpty() ? text : command + " exits with " + status;
    }
  }
}
