package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.image.ElfImage;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.state.StateRoot;
import java.util.List;

/**
 * The file that an image is executed from: a sealed memfd, or where memory cannot be executed
 * ({@code vm.memfd_noexec=2}, a security module, a kernel without {@code memfd_create(2)}) a file
 * in the container's directory.
 *
 * <p>That file is nobody's but root's, is made with O_EXCL, and has no name any more by the time it
 * is executed: whoever is killed in between leaves a name that {@code delete} removes.
 */
public final class ImageFile {
  private final Label execute;
  private final Label file;
  private final Slot onDisk;

  private ImageFile(Label execute, Label file, Slot onDisk) {
    this.execute = execute;
    this.file = file;
    this.onDisk = onDisk;
  }

  /**
   * Adds records that write an image.
   *
   * @param b the program
   * @param descriptors takes over what is opened
   * @param elf the image
   * @param parts its extents
   * @param fd takes the descriptor
   * @param directory the container's directory
   * @param place that directory's path
   * @param shared whether others may be doing the same in that directory, which is not locked
   * @return the file, whose {@link #execute} is to be bound next
   */
  public static ImageFile write(
      ProgramBuilder b,
      Descriptors descriptors,
      ElfImage elf,
      List<Data> parts,
      Slot fd,
      Slot directory,
      String place,
      boolean shared) {
    Slot onDisk = b.slot("on disk");
    Label execute = b.loopAhead("execute");
    Label file = b.label("image file");
    Label made = b.label("made");
    Label refused = b.label("memfd refused");
    Label sealed = b.label("sealed");
    Label old = b.label("F_SEAL_EXEC unknown");
    int flags = Constants.MFD_CLOEXEC | Constants.MFD_ALLOW_SEALING;
    b.set(onDisk, imm(0));
    b.sys(Syscall.MEMFD_CREATE, b.string("gatun"), imm(flags | Constants.MFD_EXEC))
        .into(fd)
        .tolerateAny(refused);
    b.outOfLine(() -> {
      b.bind(refused);
      Label forbidden = b.label("memfd forbidden");
      b.branch(Condition.NE, fd, imm(-Errno.EINVAL), forbidden);
      // Before Linux 6.3 every memfd is executable and the flag is unknown.
      Instruction plain =
          b.sys(Syscall.MEMFD_CREATE, b.string("gatun"), imm(flags))
              .into(fd)
              .tolerateAny(forbidden);
      b.jump(made);
      b.bind(forbidden);
      for (int errno : new int[] {Errno.EACCES, Errno.EPERM, Errno.ENOSYS}) {
        b.branch(Condition.EQ, fd, imm(-errno), file);
      }
      b.fail(plain, fd);
    });
    b.bind(made);
    contents(b, elf, parts, fd);
    int seals =
        Constants.F_SEAL_SEAL
            | Constants.F_SEAL_SHRINK
            | Constants.F_SEAL_GROW
            | Constants.F_SEAL_WRITE;
    b.sys(Syscall.FCNTL, fd, imm(Constants.F_ADD_SEALS), imm(seals | Constants.F_SEAL_EXEC))
        .tolerate(Errno.EINVAL, old);
    b.outOfLine(() -> {
      b.bind(old);
      b.sys(Syscall.FCNTL, fd, imm(Constants.F_ADD_SEALS), imm(seals));
      b.jump(sealed);
    });
    b.bind(sealed);
    b.outOfLine(() -> {
      b.bind(file);
      onDisk(b, descriptors, elf, parts, fd, directory, place, shared);
      b.set(onDisk, imm(1));
      b.jump(execute);
    });
    return new ImageFile(execute, file, onDisk);
  }

  private static void contents(ProgramBuilder b, ElfImage elf, List<Data> parts, Slot fd) {
    for (int i = 0; i < parts.size(); i++) {
      b.sys(
          Syscall.PWRITE64,
          fd,
          parts.get(i).address(),
          imm(parts.get(i).size()),
          imm(elf.extent(i).offset()));
    }
  }

  private static void onDisk(
      ProgramBuilder b,
      Descriptors descriptors,
      ElfImage elf,
      List<Data> parts,
      Slot fd,
      Slot directory,
      String place,
      boolean shared) {
    b.step("make the image of the container's first process in \"" + place + "\"", "");
    // The memfd that was not executable, if there was one.
    descriptors.close(fd);
    Data statfs = b.buffer("statfs", Structs.SIZEOF_STATFS);
    Slot mount = b.slot("mount flags");
    Label noexec = b.label("mounted noexec");
    b.sys(Syscall.FSTATFS, directory, statfs.address());
    b.load(8, mount, statfs.address(), imm(Structs.STATFS_F_FLAGS));
    b.branch(Condition.TEST, mount, imm(Constants.ST_NOEXEC), noexec);
    Slot writing = descriptors.fd("image", place + "/" + StateRoot.IMAGE);
    if (shared) {
      // The name is one's own while the lock is held; what is there was left by one who was killed.
      b.sys(Syscall.FLOCK, directory, imm(Constants.LOCK_EX));
      b.sys(Syscall.UNLINKAT, directory, b.string(StateRoot.IMAGE), imm(0)).tolerate(Errno.ENOENT);
    }
    open(b, directory, Constants.O_WRONLY | Constants.O_CREAT | Constants.O_EXCL, writing);
    b.sys(Syscall.FCHMOD, writing, imm(0700));
    contents(b, elf, parts, writing);
    descriptors.close(writing);
    open(b, directory, Constants.O_RDONLY, fd);
    b.sys(Syscall.UNLINKAT, directory, b.string(StateRoot.IMAGE), imm(0));
    if (shared) {
      b.sys(Syscall.FLOCK, directory, imm(Constants.LOCK_UN));
    }
    Label written = b.label("written");
    b.jump(written);
    b.bind(noexec);
    b.step(
        "the container's first process can be executed neither from memory, which vm.memfd_noexec or"
            + " a security module forbids, nor from \""
            + place
            + "\", which is mounted noexec: give gatun a --root on a file system that allows"
            + " execution",
        "");
    b.fail(Errno.EACCES);
    b.bind(written);
  }

  private static void open(ProgramBuilder b, Slot directory, int flags, Slot into) {
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(StateRoot.IMAGE),
            imm(flags | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0700))
        .into(into);
  }

  /** Where the execution begins, and begins again once the image is on disk. */
  Label execute() {
    return execute;
  }

  /**
   * Adds records that go back to {@link #execute} with a file on disk, when what was refused was a
   * memfd.
   *
   * @param b the program, out of line behind {@link #execute}
   * @param error a slot with −errno of execveat(2)
   */
  void afterRefusal(ProgramBuilder b, Arg error) {
    Label stays = b.label("refused for good");
    b.branch(Condition.NE, error, imm(-Errno.EACCES), stays);
    b.branch(Condition.EQ, onDisk, imm(0), file);
    b.bind(stays);
  }
}
