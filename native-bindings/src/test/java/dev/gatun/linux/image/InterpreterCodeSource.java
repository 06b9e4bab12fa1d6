package dev.gatun.linux.image;

import dev.gatun.linux.Arch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes {@code InterpreterCode.java} from what the assembler makes. */
final class InterpreterCodeSource {
  private InterpreterCodeSource() {}

  /** Writes the file named by the first argument; Spotless formats it then. */
  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of(args[0]), source());
  }

  static String source() {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        package dev.gatun.linux.image;

        import dev.gatun.linux.Arch;
        import java.nio.charset.StandardCharsets;

        /**
         * The bytes of the {@link Interpreter}, as the assembler made them.
         *
         * <p>They are constants because a JVM that starts for one command needs them at once, and assembling
         * costs milliseconds there. The test {@code InterpreterCodeTest} compares them with what the
         * assembler makes; {@code InterpreterCodeSource}, beside it, writes this file.
         */
        public final class InterpreterCode {
          private InterpreterCode() {}

          /**
           * The interpreter as a C function {@code long run(const void *records, u64 *slots, u64 first)}.
           *
           * @param arch the architecture
           * @return a new array of position-independent code
           */
          public static byte[] callable(Arch arch) {
            return bytes(
                switch (arch) {
                  case X86_64 -> X86_64_CALLABLE;
                  case AARCH64 -> AARCH64_CALLABLE;
                });
          }

          /**
           * The interpreter as the entry of an ELF file.
           *
           * @param arch the architecture
           * @return a new array of position-independent code; its last three words are to be filled with
           *     the address of record 0, the address of slot 0, and the number of the first record
           */
          public static byte[] start(Arch arch) {
            return bytes(
                switch (arch) {
                  case X86_64 -> X86_64_START;
                  case AARCH64 -> AARCH64_START;
                });
          }

          private static byte[] bytes(String code) {
            return code.getBytes(StandardCharsets.ISO_8859_1);
          }
        """);
    for (Arch arch : Arch.values()) {
      for (Interpreter.Form form : Interpreter.Form.values()) {
        Assembler asm = Interpreter.assemble(arch, form);
        asm.assemble();
        out.append("\n  private static final String ").append(arch).append('_').append(form);
        out.append(" =\n      \"\"");
        List<Assembler.Line> lines = asm.lines();
        for (int i = 0; i < lines.size(); i++) {
          out.append("\n          + \"");
          for (byte b : lines.get(i).bytes()) {
            out.append('\\').append(Integer.toOctalString((b & 0xff) | 01000).substring(1));
          }
          out.append(i == lines.size() - 1 ? "\";" : "\"");
          out.append(" // ").append(lines.get(i).text().replace('\t', ' '));
        }
        out.append('\n');
      }
    }
    return out.append("}\n").toString();
  }
}
