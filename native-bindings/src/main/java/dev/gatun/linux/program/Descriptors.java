package dev.gatun.linux.program;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Syscall;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Descriptors that a program has open, none of which stays open when the program fails: for
 * programs that run in a process that lives on, as a JVM does.
 *
 * <p>Each is in a slot that holds −1 before it is opened and after it is closed, so that no number
 * is closed twice: it may be somebody else's by then.
 */
public final class Descriptors {
  private final ProgramBuilder b;
  private final List<Slot> owned = new ArrayList<>();
  private final List<Slot> kept = new ArrayList<>();
  private final Label before;

  /**
   * Begins, as the first thing in a program: from here on, failures close what is open and then go
   * where they went before.
   *
   * @param b the program
   */
  public Descriptors(ProgramBuilder b) {
    this.b = b;
    Label empty = b.label("no descriptors yet");
    Label ready = b.loopAhead("descriptors");
    Label failed = b.label("close on failure");
    before = b.failureHandler();
    // Which descriptors there are is known when the program is complete.
    b.jump(empty);
    b.outOfLine(() -> {
      b.bind(empty);
      for (Slot fd : owned) {
        b.set(fd, imm(-1));
      }
      for (Slot fd : kept) {
        b.set(fd, imm(-1));
      }
      b.jump(ready);
      b.bind(failed);
      closeAll();
      b.jump(before);
    });
    b.bind(ready);
    b.onFailure(failed);
  }

  /**
   * A new slot for a descriptor.
   *
   * @param name what listings call it
   * @param path the path it stands for, which messages show, or null
   * @return the slot
   */
  public Slot fd(String name, @Nullable String path) {
    Slot fd = b.fd(name, path);
    add(fd);
    return fd;
  }

  /**
   * Takes over a slot that the program opens a descriptor into, and closes with {@link #close}
   * only. It may be taken over after the records that open it were added.
   *
   * @param fd the slot
   */
  public void add(Slot fd) {
    owned.add(fd);
  }

  /**
   * Makes a slot begin with −1 whose descriptor stays open when the program fails.
   *
   * @param fd the slot
   */
  public void keep(Slot fd) {
    kept.add(fd);
  }

  /**
   * Takes over a descriptor that is open.
   *
   * @param name what listings call it
   * @param fd its number
   * @return its slot
   */
  public Slot take(String name, Arg fd) {
    Slot slot = fd(name, fd instanceof Slot known ? known.path() : null);
    b.set(slot, fd);
    return slot;
  }

  /**
   * Closes one.
   *
   * @param fd its slot
   */
  public void close(Slot fd) {
    if (!owned.contains(fd)) {
      throw new IllegalArgumentException(fd.name() + " is not one of them");
    }
    Idioms.close(b, fd);
    b.set(fd, imm(-1));
  }

  /**
   * Ends what this began inside a program that goes on: closes all that are open, and failures go
   * again where they went before.
   */
  public void end() {
    closeAll();
    b.onFailure(before);
  }

  /** Closes all that have been added so far and are open, as the last thing before an end. */
  public void closeAll() {
    for (Slot fd : owned) {
      // Where none is open, EBADF says so.
      b.sys(Syscall.CLOSE, fd).tolerateAny();
    }
  }
}
