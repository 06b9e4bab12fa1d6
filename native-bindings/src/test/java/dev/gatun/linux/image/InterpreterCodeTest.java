package dev.gatun.linux.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The code itself: its constants, its size, and what a disassembler says it is. */
class InterpreterCodeTest {
  private static final int LITERALS = 24;

  @TempDir private Path directory;

  private static byte[] constant(Arch arch, Interpreter.Form form) {
    return switch (form) {
      case CALLABLE -> InterpreterCode.callable(arch);
      case START -> InterpreterCode.start(arch);
    };
  }

  @ParameterizedTest
  @CsvSource({"X86_64,CALLABLE", "X86_64,START", "AARCH64,CALLABLE", "AARCH64,START"})
  void constantsAreWhatTheAssemblerMakes(Arch arch, Interpreter.Form form) {
    assertArrayEquals(
        Interpreter.assemble(arch, form).assemble(),
        constant(arch, form),
        "write InterpreterCode.java again with InterpreterCodeSource");
  }

  @ParameterizedTest
  @CsvSource({"X86_64,CALLABLE", "X86_64,START", "AARCH64,CALLABLE", "AARCH64,START"})
  void isSmallerThan500Bytes(Arch arch, Interpreter.Form form) {
    int size = constant(arch, form).length;
    assertTrue(size < 500, () -> size + " bytes");
  }

  @ParameterizedTest
  @CsvSource({"X86_64,CALLABLE", "X86_64,START", "AARCH64,CALLABLE", "AARCH64,START"})
  void disassemblerReadsWhatTheListingSays(Arch arch, Interpreter.Form form)
      throws IOException, InterruptedException {
    Assembler asm = Interpreter.assemble(arch, form);
    byte[] code = asm.assemble();
    List<String> expected = new ArrayList<>();
    for (Assembler.Line line : asm.lines()) {
      if (line.text().startsWith(".quad")) {
        continue;
      }
      String text = line.text();
      if (line.target() != null) {
        String there = "0x" + Integer.toHexString(asm.address(line.target()));
        text =
            text.contains("[rip+")
                ? text.replace("[rip+" + line.target() + "]", "[" + there + "]")
                : text.substring(0, text.length() - line.target().toString().length()) + there;
      }
      expected.add(Integer.toHexString(line.address()) + ": " + normal(text));
    }
    int end = form == Interpreter.Form.START ? code.length - LITERALS : code.length;
    assertEquals(String.join("\n", expected), String.join("\n", disassemble(arch, code, end)));
  }

  private List<String> disassemble(Arch arch, byte[] code, int end)
      throws IOException, InterruptedException {
    String prefix =
        arch == Arch.host() ? "" : arch.name().toLowerCase(java.util.Locale.ROOT) + "-linux-gnu-";
    Path objdump = Path.of("/usr/bin/" + prefix + "objdump");
    Assumptions.assumeTrue(
        Files.isExecutable(objdump), () -> objdump + " is missing: package binutils for " + arch);
    Path file = Files.write(directory.resolve("code"), code);
    List<String> command =
        new ArrayList<>(
            List.of(objdump.toString(), "-D", "-z", "-b", "binary", "--stop-address=" + end));
    command.addAll(
        switch (arch) {
          case X86_64 -> List.of("-m", "i386:x86-64", "-M", "intel");
          case AARCH64 -> List.of("-m", "aarch64");
        });
    command.add(file.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    List<String> lines = new ArrayList<>();
    for (String line : output.lines().toList()) {
      String[] fields = line.split("\t", 3);
      String address = fields[0].strip();
      if (fields.length < 3 || !address.endsWith(":")) {
        continue;
      }
      String text = fields[2];
      int comment = text.indexOf("# 0x");
      if (comment >= 0) {
        // An address relative to rip: objdump computes the absolute one in a comment.
        String there = text.substring(comment + 2).strip();
        text = text.substring(0, comment).replaceAll("\\[rip[^]]*]", "[" + there + "]");
      }
      lines.add(address + " " + normal(text.replaceAll("//.*", "")));
    }
    return lines;
  }

  private static String normal(String text) {
    return text.replaceAll("\\b[DQ]WORD PTR ", "")
        .replace("BYTE PTR ", "byte ")
        .replace("WORD PTR ", "word ")
        .replaceAll("\\s+", " ")
        .strip();
  }
}
