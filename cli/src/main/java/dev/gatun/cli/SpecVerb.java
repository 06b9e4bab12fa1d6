package dev.gatun.cli;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecWriter;
import dev.gatun.runtime.ContainerException;

/** {@code gatun spec}. */
final class SpecVerb implements Verb {
  private static final String FILE = "config.json";

  /** Where cgroup v2 is when it is the only hierarchy; beside v1, that has a tmpfs here. */
  private static final String CGROUPS = "/sys/fs/cgroup";

  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("bundle", 'b', "DIR", "where to write it (default: the working directory)"),
      Option.flag("rootless", (char) 0, "for a user namespace, as a user without privileges"),
    };
  }

  @Override
  public String arguments() {
    return "";
  }

  @Override
  public String summary() {
    return "write a config.json to begin with";
  }

  @Override
  public String details() {
    return """
    The configuration runs sh in the bundle's directory "rootfs" with a terminal, as
    that of runc does. With --rootless it is for the user who calls, who becomes root
    in a user namespace. Where cgroup v2 is the only hierarchy, it has a cgroup
    namespace.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {0, 0};
  }

  @Override
  public Outcome run(Invocation call) {
    Kernel kernel = call.kernel();
    Spec spec = spec(kernel, call.options().has("rootless"));
    byte[] text = SpecWriter.write(JsonWriter.pretty("\t"), spec).toByteArray();
    write(kernel, call.options().get("bundle", "."), text);
    return Outcome.DONE;
  }

  private static Spec spec(Kernel kernel, boolean rootless) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot uid = b.slot("uid");
    Slot gid = b.slot("gid");
    Slot type = b.slot("file system");
    b.step("find out who asks, and which cgroups there are", "");
    b.sys(Syscall.GETEUID).into(uid);
    b.sys(Syscall.GETEGID).into(gid);
    b.set(type, imm(0));
    Label none = b.label("no cgroups");
    Data statfs = b.buffer("statfs", Structs.SIZEOF_STATFS);
    b.sys(Syscall.STATFS, b.string(CGROUPS), statfs.address()).tolerateAny(none);
    b.load(8, type, statfs.address(), imm(Structs.STATFS_F_TYPE));
    b.bind(none);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    boolean unified = result.slot(type) == Constants.CGROUP2_SUPER_MAGIC;
    return rootless
        ? DefaultSpec.rootless(result.slot(uid), result.slot(gid), unified)
        : DefaultSpec.rootful(unified);
  }

  private static void write(Kernel kernel, String bundle, byte[] text) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Label exists = b.label("exists");
    Label partly = b.label("partly written");
    Label done = b.label("done");
    Slot found = b.slot("found");
    b.set(found, imm(0));
    b.step("open bundle \"" + bundle + "\"", "");
    Slot directory = b.fd("bundle", bundle);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(bundle),
            imm(Constants.O_PATH | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(directory);
    b.step("write " + FILE, "");
    Slot file = b.fd("file", FILE);
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(FILE),
            imm(Constants.O_WRONLY | Constants.O_CREAT | Constants.O_EXCL | Constants.O_CLOEXEC),
            imm(0666))
        .into(file)
        .tolerate(Errno.EEXIST, exists);
    b.onFailure(partly);
    Idioms.writeAll(b, file, text);
    b.jump(done);
    b.bind(partly);
    b.sys(Syscall.UNLINKAT, directory, b.string(FILE), imm(0)).tolerateAny();
    b.jump(done);
    b.bind(exists);
    b.set(found, imm(1));
    b.bind(done);
    if (kernel.run(b.build()).orThrow().slot(found) != 0) {
      throw new ContainerException("File " + FILE + " exists. Remove it first");
    }
  }
}
