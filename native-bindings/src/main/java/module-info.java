/**
 * The kernel, as Java sees it: constants and structs of the Linux headers, programs of system calls
 * and the interpreters that run them, ELF images, and the one place that calls into native code.
 *
 * <p>Every export is qualified: these packages are shaped by what the rest of Gatun needs and give
 * no promise to anybody else. The generated packages {@code dev.gatun.linux.x86_64} and {@code
 * dev.gatun.linux.aarch64} stay inside.
 */
@SuppressWarnings("module") // the modules that it exports to are compiled after this one
module dev.gatun.linux {
  requires static transitive org.jspecify;

  // Errno, constants, system call numbers: whoever builds programs.
  exports dev.gatun.linux to
      dev.gatun.cgroups,
      dev.gatun.netns,
      dev.gatun.runtime,
      dev.gatun.pods,
      dev.gatun.cli;

  // The instruction set, the program builder and the kernel interface: whoever builds programs.
  exports dev.gatun.linux.program to
      dev.gatun.cgroups,
      dev.gatun.netns,
      dev.gatun.runtime,
      dev.gatun.pods,
      dev.gatun.cli;

  // ELF images: the runtime links intermediate and init, the command line emits the caller.
  exports dev.gatun.linux.image to
      dev.gatun.runtime,
      dev.gatun.cli;

  // The kernel of this process: the library, embedded in any JVM.
  exports dev.gatun.linux.local to
      dev.gatun.runtime;
}
