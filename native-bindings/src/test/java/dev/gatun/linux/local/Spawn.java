package dev.gatun.linux.local;

import dev.gatun.linux.Arch;
import dev.gatun.linux.image.RecordWriter;
import dev.gatun.linux.image.RecordWriter.Call;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Starts a process that shares this one's memory until it executes a file, as the design has it.
 */
final class Spawn {
  private static final int CLONE_VM = 0x100;
  private static final int CLONE_VFORK = 0x4000;
  private static final long CLONE_CLEAR_SIGHAND = 0x100000000L;
  private static final int SIGCHLD = 17;
  private static final int SIG_SETMASK = 2;
  private static final int P_PID = 1;
  private static final int WEXITED = 4;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_FDCWD = -100;

  private static final int PID = 32;

  private Spawn() {}

  /**
   * Starts a file.
   *
   * @param fd of the file, or -1 for a path
   * @param path the path, empty for the file behind the fd
   * @param wait whether to wait for its end
   * @return the exit status when waiting, else the pid
   */
  static long run(int fd, String path, boolean wait) {
    Arch arch = Arch.host();
    byte[] name = path.getBytes(StandardCharsets.US_ASCII);
    // clone_args 0-87, full mask 88, old mask 96, siginfo 104-231, argv 232-247, environment 248,
    // path.
    try (ProgramMemory memory = new ProgramMemory(11, 0, 512, 40, 0)) {
      long base = memory.variablesAddress();
      RecordWriter out = new RecordWriter(arch);
      out.call(Call.RT_SIGPROCMASK, 0, 3, SIG_SETMASK, base + 88, base + 96, 8);
      out.call(Call.CLONE3, 0, PID, base, 88);
      out.record(RecordWriter.BR, 1, 3, 0, 5, RecordWriter.NE, PID, 0);
      out.record(
          RecordWriter.SYS,
          0,
          3,
          RecordWriter.ANY,
          0,
          Call.EXECVEAT.number(arch),
          fd < 0 ? AT_FDCWD : fd,
          base + 256,
          base + 232,
          base + 248,
          fd < 0 ? 0 : AT_EMPTY_PATH);
      out.call(Call.EXIT, 0, 3, 127);
      out.call(Call.RT_SIGPROCMASK, 0, 3, SIG_SETMASK, base + 96, 0, 8);
      out.record(RecordWriter.BR, 0, 3, 0, wait ? 8 : 7, RecordWriter.EQ, 0, 0);
      out.record(RecordWriter.END, 1, 0, 0, 0, 0, PID);
      out.call(Call.WAITID, 1 << 1, 3, P_PID, PID, base + 104, WEXITED, 0);
      out.record(RecordWriter.LD, 0, 33, 0, 0, 4, base + 104, 24);
      out.record(RecordWriter.END, 1, 0, 0, 0, 0, 33);
      byte[] records = out.bytes();
      ByteBuffer program = ByteBuffer.allocate(records.length + 512).order(ByteOrder.LITTLE_ENDIAN);
      program.put(records);
      int at = records.length;
      program.putLong(at, CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND);
      program.putLong(at + 32, SIGCHLD);
      program.putLong(at + 88, -1);
      program.putLong(at + 232, base + 256);
      program.put(at + 256, name);
      memory.load(program.array());
      long value = memory.run(0);
      long[] slots = memory.copyOfSlots();
      if (slots[0] != -1) {
        throw new AssertionError("record " + slots[0] + " failed with errno " + -slots[1]);
      }
      return value;
    }
  }
}
