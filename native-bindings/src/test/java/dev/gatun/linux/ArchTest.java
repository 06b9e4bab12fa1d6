package dev.gatun.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ArchTest {
  private static final int EM_RISCV = 243;

  @Test
  void machinesOfElfFilesGoBothWays() {
    for (Arch arch : Arch.values()) {
      assertEquals(arch, Arch.ofElfMachine(arch.elfMachine()));
    }
    RuntimeException refused =
        assertThrows(UnsupportedOperationException.class, () -> Arch.ofElfMachine(EM_RISCV));
    assertEquals("ELF machine 243 is neither x86-64 nor aarch64", refused.getMessage());
  }

  @Test
  void anotherProcessorIsRefused() {
    String name = System.getProperty("os.arch");
    try {
      System.setProperty("os.arch", "riscv64");
      RuntimeException refused = assertThrows(UnsupportedOperationException.class, Arch::host);
      assertEquals("architecture \"riscv64\" is neither x86-64 nor aarch64", refused.getMessage());
      System.setProperty("os.arch", "aarch64");
      assertEquals(Arch.AARCH64, Arch.host());
      System.setProperty("os.arch", "amd64");
      assertEquals(Arch.X86_64, Arch.host());
    } finally {
      System.setProperty("os.arch", name);
    }
  }
}
