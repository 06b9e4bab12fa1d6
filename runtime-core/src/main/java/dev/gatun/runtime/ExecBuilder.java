package dev.gatun.runtime;

import dev.gatun.oci.Capability;
import dev.gatun.oci.Process;
import dev.gatun.runtime.embedded.StandardStreams;
import dev.gatun.runtime.lifecycle.Embedding;
import dev.gatun.runtime.lifecycle.Exec;
import dev.gatun.runtime.lifecycle.ExecProcess;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a process in a container is made from. One process is made by one builder, on one thread.
 */
public final class ExecBuilder {
  private final Gatun gatun;
  private final String id;
  private final List<String> args;
  private final List<String> env = new ArrayList<>();
  private final List<Capability> capabilities = new ArrayList<>();
  private final StdioChoices stdio = new StdioChoices();
  private @Nullable String cwd;
  private ExecProcess.@Nullable Ids user;
  private @Nullable Process process;
  private boolean ignorePaused;

  ExecBuilder(Gatun gatun, String id, List<String> args) {
    this.gatun = gatun;
    this.id = id;
    this.args = List.copyOf(args);
  }

  /**
   * Adds a variable to the environment.
   *
   * @param name its name
   * @param value its value
   * @return this builder
   */
  public ExecBuilder env(String name, String value) {
    env.add(name + "=" + value);
    return this;
  }

  /**
   * Sets the working directory.
   *
   * @param directory an absolute path in the container
   * @return this builder
   */
  public ExecBuilder cwd(String directory) {
    cwd = directory;
    return this;
  }

  /**
   * Sets the user.
   *
   * @param uid the user's number
   * @param gid the group's number
   * @return this builder
   */
  public ExecBuilder user(long uid, long gid) {
    user = new ExecProcess.Ids(uid, gid);
    return this;
  }

  /**
   * Adds a capability, {@code capabilities(7)}.
   *
   * @param capability which
   * @return this builder
   */
  public ExecBuilder capability(Capability capability) {
    capabilities.add(capability);
    return this;
  }

  /**
   * Takes a whole process in the place of what was said of it, the arguments among it. What it
   * leaves out of capabilities, limits, labels and scheduling is the container's.
   *
   * @param process the process, without a terminal
   * @return this builder
   */
  public ExecBuilder process(Process process) {
    this.process = process;
    return this;
  }

  /**
   * Enters a paused container too: the process waits until that is resumed.
   *
   * @return this builder
   */
  public ExecBuilder ignorePaused() {
    ignorePaused = true;
    return this;
  }

  /**
   * Where standard input comes from; {@link Stdio#none} unless it is said.
   *
   * @param choice anything but what is written to
   * @return this builder
   */
  public ExecBuilder stdin(Stdio choice) {
    stdio.stdin(choice);
    return this;
  }

  /**
   * Where standard output goes; {@link Stdio#none} unless it is said.
   *
   * @param choice anything but what is read from
   * @return this builder
   */
  public ExecBuilder stdout(Stdio choice) {
    stdio.stdout(choice);
    return this;
  }

  /**
   * Where standard error goes; {@link Stdio#none} unless it is said.
   *
   * @param choice anything but what is read from
   * @return this builder
   */
  public ExecBuilder stderr(Stdio choice) {
    stdio.stderr(choice);
    return this;
  }

  /**
   * Executes it. When this returns, its program has been executed. Whatever the container does
   * against it, this takes no longer than ten seconds.
   *
   * @return the process, which is killed when it is closed
   * @throws ContainerException when the container does not run, or is paused
   * @throws KernelException when the kernel refuses something, as when there is no such program;
   *     nothing runs then
   */
  public ContainerProcess start() {
    return Gatun.run(this::execute);
  }

  private ContainerProcess execute() {
    StandardStreams streams = StandardStreams.open(Gatun.kernel(), stdio.all());
    Exec.Executed executed;
    try {
      executed = Exec.run(Gatun.kernel(), gatun.root(), request(streams));
    } catch (RuntimeException | Error e) {
      StandardStreams.close(Gatun.kernel(), streams.descriptors());
      streams.close();
      throw e;
    }
    return new ContainerProcess(id, executed, streams);
  }

  private Exec.Request request(StandardStreams streams) {
    Process whole = process;
    ExecProcess asked =
        whole != null
            ? new ExecProcess.Given(whole)
            : new ExecProcess.Changes(
                args, env, cwd, user, List.of(), capabilities, null, null, null, false);
    return new Exec.Request(
        id,
        asked,
        null,
        null,
        null,
        0,
        null,
        ignorePaused,
        false,
        new Embedding(streams.container(), null));
  }
}
