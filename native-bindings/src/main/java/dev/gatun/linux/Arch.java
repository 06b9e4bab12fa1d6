package dev.gatun.linux;

/**
 * A processor architecture that Gatun makes programs and images for, with the few kernel constants
 * whose values differ between architectures.
 */
@SuppressWarnings("MemberName") // the headers' names are kept, as for constants
public enum Arch {
  /** 64-bit x86, {@code amd64} to Java and Debian. */
  X86_64(62, 040000, 0100000, 0200000, 0400000),
  /** 64-bit Arm. */
  AARCH64(183, 0200000, 0400000, 040000, 0100000);

  private final int elfMachine;
  private final int direct;
  private final int largefile;
  private final int directory;
  private final int nofollow;

  Arch(int elfMachine, int direct, int largefile, int directory, int nofollow) {
    this.elfMachine = elfMachine;
    this.direct = direct;
    this.largefile = largefile;
    this.directory = directory;
    this.nofollow = nofollow;
  }

  /**
   * Returns the architecture that this JVM runs on.
   *
   * @return the architecture named by the system property {@code os.arch}
   * @throws UnsupportedOperationException if it is neither x86-64 nor aarch64
   */
  public static Arch host() {
    String name = System.getProperty("os.arch", "");
    return switch (name) {
      case "amd64", "x86_64" -> X86_64;
      case "aarch64" -> AARCH64;
      default ->
          throw new UnsupportedOperationException(
              "architecture \"" + name + "\" is neither x86-64 nor aarch64");
    };
  }

  /**
   * Returns the architecture of an ELF file.
   *
   * @param machine its machine number, see {@code elf(5)}
   * @return the architecture
   * @throws UnsupportedOperationException if it is neither x86-64 nor aarch64
   */
  public static Arch ofElfMachine(int machine) {
    for (Arch arch : values()) {
      if (arch.elfMachine == machine) {
        return arch;
      }
    }
    throw new UnsupportedOperationException(
        "ELF machine " + machine + " is neither x86-64 nor aarch64");
  }

  /**
   * Returns the machine number of ELF files for this architecture.
   *
   * @return {@code EM_X86_64} or {@code EM_AARCH64}, see {@code elf(5)}
   */
  public int elfMachine() {
    return elfMachine;
  }

  /**
   * Returns the {@code open(2)} flag for direct I/O.
   *
   * @return {@code O_DIRECT}
   */
  public int O_DIRECT() {
    return direct;
  }

  /**
   * Returns the {@code open(2)} flag of files that may be larger than 2 GB: the kernel's value,
   * which {@code F_GETFL} shows. The C library of 64-bit systems defines it as 0.
   *
   * @return {@code O_LARGEFILE}
   */
  public int O_LARGEFILE() {
    return largefile;
  }

  /**
   * Returns the {@code open(2)} flag that refuses what is no directory.
   *
   * @return {@code O_DIRECTORY}
   */
  public int O_DIRECTORY() {
    return directory;
  }

  /**
   * Returns the {@code open(2)} flag that refuses a symbolic link as last component.
   *
   * @return {@code O_NOFOLLOW}
   */
  public int O_NOFOLLOW() {
    return nofollow;
  }

  /**
   * Returns the {@code open(2)} flag for an unnamed file. It contains {@code O_DIRECTORY}.
   *
   * @return {@code O_TMPFILE}
   */
  public int O_TMPFILE() {
    return 020000000 | directory;
  }
}
