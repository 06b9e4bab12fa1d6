package dev.gatun.cli;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
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
    in a user namespace.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {0, 0};
  }

  @Override
  public Outcome run(Invocation call) {
    Kernel kernel = call.kernel();
    Spec spec = call.options().has("rootless") ? rootless(kernel) : DefaultSpec.rootful();
    byte[] text = SpecWriter.write(JsonWriter.pretty("\t"), spec).toByteArray();
    write(kernel, call.options().get("bundle", "."), text);
    return Outcome.DONE;
  }

  private static Spec rootless(Kernel kernel) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot uid = b.slot("uid");
    Slot gid = b.slot("gid");
    b.sys(Syscall.GETEUID).into(uid);
    b.sys(Syscall.GETEGID).into(gid);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    return DefaultSpec.rootless(result.slot(uid), result.slot(gid));
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
