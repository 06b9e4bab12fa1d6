package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes what a path leads to inside the container's root when it is missing, with links on the way,
 * to nothing too: {@code /etc/resolv.conf} of an image may be a link into a {@code /run} that is
 * empty.
 *
 * <p>The kernel makes no directories on the way to a file, so the path is walked name by name here,
 * as if the container's root were {@code /}. Two descriptors lead: the root, and the directory that
 * has been reached. Only single names are looked up in the latter and never a {@code ..}, and no
 * link is ever followed by the kernel: a link's text is read and walked in turn. What is behind a
 * {@code ..} is looked up from the root anew, by a path that holds neither links nor {@code ..}. So
 * whatever somebody changes in the rootfs meanwhile, nothing outside of it is touched.
 *
 * <p>These records are one routine in a program, which all who need it share. It only makes; who
 * asked for it then tries again what failed.
 */
final class MissingPath {
  /** As many links as the kernel follows in one path, {@code MAXSYMLINKS}. */
  private static final int MOST_LINKS = 40;

  private static final int DIRECTORY_MODE = 0755;
  private static final int FILE_MODE = 0644;

  /** {@code "."} and {@code ".."} with their NUL, as little-endian numbers. */
  private static final int DOT = 0x2e;

  private static final int DOT_DOT = 0x2e2e;

  private final RootDirectory in;
  private final ProgramBuilder b;
  private final List<Label> callers = new ArrayList<>();

  /** For each caller where it goes when the path cannot be made, or null. */
  private final List<@Nullable Label> without = new ArrayList<>();

  private final Label routine;
  private final Slot caller;
  private final Slot path;
  private final Slot like;
  private final Slot r;

  /** Room for a link's text alone, for texts of links before a path, and for a path. */
  private final Data text;

  /** The directory that has been reached, without links, and one more name. */
  private final Data resolved;

  private final Slot directory;
  private final Slot node;
  private final Slot rest;
  private final Slot tail;
  private final Slot name;
  private final Slot end;
  private final Slot ahead;
  private final Slot length;
  private final Slot c;
  private final Slot links;

  MissingPath(RootDirectory in) {
    this.in = in;
    this.b = in.b;
    routine = b.label("make path");
    caller = b.slot("caller");
    path = b.slot("path");
    like = b.slot("like");
    r = b.slot("r");
    text = b.buffer("texts", 3 * Constants.PATH_MAX);
    resolved = b.buffer("resolved", Constants.PATH_MAX + 8);
    directory = b.slot("directory");
    node = b.slot("node");
    rest = b.slot("rest");
    tail = b.slot("tail");
    name = b.slot("name");
    end = b.slot("end");
    ahead = b.slot("ahead");
    length = b.slot("length");
    c = b.slot("c");
    links = b.slot("links");
  }

  /**
   * Adds what makes a path when a call says that it is missing, out of line, and then goes back to
   * the call. Any error but ENOENT and EAGAIN is the call's failure.
   *
   * @param call the call, the head of a loop
   * @param failed where it goes with an error; it is bound here
   * @param path a path in the container
   * @param error holds −errno of the call
   * @param like a descriptor: what is missing becomes a directory when it is one, else a file
   * @param without where to go when the file system is read-only, or not this process's to write;
   *     null when that is the call's failure too
   */
  void make(Label call, Label failed, Addr path, Slot error, Slot like, @Nullable Label without) {
    if (callers.isEmpty()) {
      b.outOfLine(this::routine);
    }
    callers.add(call);
    this.without.add(without);
    b.outOfLine(() -> {
      b.bind(failed);
      b.set(r, error);
      b.set(caller, call);
      b.set(this.path, path);
      b.set(this.like, like);
      b.jump(routine);
    });
  }

  private void routine() {
    b.step("make a path that is missing", "");
    Label walk = b.label("walk");
    Label back = b.label("back");
    Label refused = b.label("refused");
    b.bind(routine);
    b.set(directory, imm(-1));
    b.branch(Condition.EQ, r, imm(-Errno.ENOENT), walk);
    b.branch(Condition.NE, r, imm(-Errno.EAGAIN), refused);
    Label retry = b.loop("retry");
    b.alu(Function.ADD, Slot.RETRIES, Slot.RETRIES, imm(1));
    b.branch(Condition.LTU, Slot.RETRIES, imm(Idioms.MOST_RETRIES), back);
    b.set(r, imm(-Errno.EAGAIN));
    b.jump(refused);
    b.bind(back);
    int last = callers.size() - 1;
    for (int i = 0; i < last; i++) {
      b.branch(Condition.EQ, caller, callers.get(i), callers.get(i));
    }
    b.jump(callers.get(last));
    b.bind(walk);
    walk(retry, refused);
    b.bind(refused);
    for (int i = 0; i < callers.size(); i++) {
      Label instead = without.get(i);
      if (instead != null) {
        doWithout(callers.get(i), instead);
      }
    }
    b.fail(caller, r);
  }

  private void doWithout(Label call, Label instead) {
    Label other = b.label("another call or error");
    Label go = b.label("do without");
    b.branch(Condition.NE, caller, call, other);
    b.branch(Condition.EQ, r, imm(-Errno.EROFS), go);
    b.branch(Condition.EQ, r, imm(-Errno.EACCES), go);
    b.branch(Condition.NE, r, imm(-Errno.EPERM), other);
    b.bind(go);
    Idioms.close(b, directory);
    b.jump(instead);
    b.bind(other);
  }

  private void walk(Label retry, Label refused) {
    Label done = b.label("done");
    Label link = b.label("link");
    Label absent = b.label("absent");
    Label parent = b.loopAhead("parent");
    Label reopen = b.loopAhead("reopen");
    Label next = b.loopAhead("next name");
    Label lookUp = b.loopAhead("look up");
    copyPath();
    b.set(links, imm(0));
    b.store(1, resolved.address(), imm(0), imm('.'));
    b.set(tail, resolved.at(1));
    b.jump(reopen);

    // As in the kernel, only a directory has a parent.
    b.bind(parent);
    b.sys(Syscall.FACCESSAT, directory, b.string("."), imm(Constants.F_OK))
        .into(r)
        .tolerateAny(refused);
    Label up = b.loop("up");
    b.branch(Condition.EQ, tail, resolved.at(1), reopen);
    b.alu(Function.SUB, tail, tail, imm(1));
    b.load(1, c, tail, imm(0));
    b.branch(Condition.NE, c, imm('/'), up);
    b.bind(reopen);
    Idioms.close(b, directory);
    b.store(1, tail, imm(0), imm(0));
    Idioms.open(
            b,
            in.root,
            resolved.address(),
            in.pathDirectory(),
            0,
            Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_SYMLINKS)
        .into(r)
        .tolerateAny(refused);
    b.set(directory, r);

    b.bind(next);
    nextName(next, parent, done, refused);
    b.bind(lookUp);
    b.sys(
            Syscall.OPENAT,
            directory,
            name,
            imm(Constants.O_PATH | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC))
        .into(r)
        .tolerateAny(absent);
    b.set(node, r);
    Label ordinary = b.label("no link");
    b.sys(Syscall.READLINKAT, node, in.empty, text.address(), imm(Constants.PATH_MAX))
        .into(r)
        .tolerateAny(ordinary);
    b.jump(link);
    // With an empty path, ENOENT says that it is not a link.
    b.bind(ordinary);
    b.branch(Condition.NE, r, imm(-Errno.ENOENT), refused);
    Idioms.close(b, directory);
    b.set(directory, node);
    b.set(tail, end);
    b.jump(next);

    b.bind(link);
    link(next, reopen, refused);
    b.bind(absent);
    create(lookUp, done, refused);
    b.bind(done);
    Idioms.close(b, directory);
    b.jump(retry);
  }

  /** The path is what is left to walk at first; texts of links are put before what is left. */
  private void copyPath() {
    b.set(end, text.at(2 * Constants.PATH_MAX));
    b.set(rest, end);
    Label copy = b.loop("copy path");
    b.load(1, c, path, imm(0));
    b.store(1, end, imm(0), c);
    b.alu(Function.ADD, path, path, imm(1));
    b.alu(Function.ADD, end, end, imm(1));
    b.branch(Condition.NE, c, imm(0), copy);
  }

  /** Moves one name from what is left to behind the directory's path, and handles dots. */
  private void nextName(Label next, Label parent, Label done, Label refused) {
    Label begin = b.label("begin of name");
    Label named = b.label("end of name");
    b.load(1, c, rest, imm(0));
    b.branch(Condition.EQ, c, imm(0), done);
    b.branch(Condition.NE, c, imm('/'), begin);
    b.alu(Function.ADD, rest, rest, imm(1));
    b.jump(next);
    b.bind(begin);
    b.store(1, tail, imm(0), imm('/'));
    b.alu(Function.ADD, name, tail, imm(1));
    b.set(end, name);
    Label copy = b.loop("copy name");
    b.set(r, imm(-Errno.ENAMETOOLONG));
    b.branch(Condition.EQ, end, resolved.at(Constants.PATH_MAX), refused);
    b.store(1, end, imm(0), c);
    b.alu(Function.ADD, end, end, imm(1));
    b.alu(Function.ADD, rest, rest, imm(1));
    b.load(1, c, rest, imm(0));
    b.branch(Condition.EQ, c, imm(0), named);
    b.branch(Condition.NE, c, imm('/'), copy);
    b.bind(named);
    b.store(4, end, imm(0), imm(0));
    b.load(4, c, name, imm(0));
    b.branch(Condition.EQ, c, imm(DOT), next);
    b.branch(Condition.EQ, c, imm(DOT_DOT), parent);
  }

  /** Puts the text of a link, whose length is known, before what is left. */
  private void link(Label next, Label reopen, Label refused) {
    b.set(length, r);
    b.set(r, imm(-Errno.ELOOP));
    b.branch(Condition.EQ, links, imm(MOST_LINKS), refused);
    b.alu(Function.ADD, links, links, imm(1));
    b.set(r, imm(-Errno.ENAMETOOLONG));
    b.branch(Condition.EQ, length, imm(Constants.PATH_MAX), refused);
    b.alu(Function.SUB, rest, rest, length);
    b.branch(Condition.LTU, rest, text.at(Constants.PATH_MAX), refused);
    b.sys(Syscall.READLINKAT, node, in.empty, rest, length).into(r).tolerateAny(refused);
    Label same = b.label("same");
    b.branch(Condition.EQ, r, length, same);
    // Only the links of a procfs change, which no path to make has any business with.
    b.set(r, imm(-Errno.ELOOP));
    b.jump(refused);
    b.bind(same);
    Idioms.close(b, node);
    b.load(1, c, rest, imm(0));
    b.branch(Condition.NE, c, imm('/'), next);
    b.set(tail, resolved.at(1));
    b.jump(reopen);
  }

  /** Makes one name in the directory that has been reached. */
  private void create(Label lookUp, Label done, Label refused) {
    Label last = b.label("last name");
    Label file = b.label("file");
    Label exists = b.label("exists");
    Label make = b.loopAhead("make directory");
    b.branch(Condition.NE, r, imm(-Errno.ENOENT), refused);
    b.set(ahead, rest);
    Label slash = b.loop("slash");
    b.load(1, c, ahead, imm(0));
    b.branch(Condition.EQ, c, imm(0), last);
    b.alu(Function.ADD, ahead, ahead, imm(1));
    b.branch(Condition.EQ, c, imm('/'), slash);
    b.bind(make);
    b.sys(Syscall.MKDIRAT, directory, name, imm(DIRECTORY_MODE)).into(r).tolerateAny(exists);
    b.load(1, c, rest, imm(0));
    b.branch(Condition.EQ, c, imm(0), done);
    b.jump(lookUp);

    b.bind(last);
    in.skipUnlessDirectory(like, file);
    b.jump(make);
    b.bind(file);
    b.sys(
            Syscall.OPENAT,
            directory,
            name,
            imm(
                Constants.O_CREAT
                    | Constants.O_EXCL
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_NOCTTY
                    | Constants.O_NONBLOCK
                    | Constants.O_CLOEXEC),
            imm(FILE_MODE))
        .into(r)
        .tolerateAny(exists);
    Idioms.close(b, r);
    b.jump(done);

    // Somebody else made it in between.
    b.bind(exists);
    b.branch(Condition.NE, r, imm(-Errno.EEXIST), refused);
    b.alu(Function.ADD, Slot.RETRIES, Slot.RETRIES, imm(1));
    b.branch(Condition.LTU, Slot.RETRIES, imm(Idioms.MOST_RETRIES), lookUp);
    b.jump(refused);
  }
}
