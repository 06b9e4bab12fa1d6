package dev.gatun.netns.netfilter;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A network namespace that stands for a host, and others beside it. They go with the processes that
 * they are of; nothing of the machine's own network is touched.
 */
final class TestHost implements AutoCloseable {
  private static final int SECONDS = 20;

  private final List<Process> processes = new ArrayList<>();
  private final Process host;

  TestHost() throws Exception {
    host = namespace();
    run(host, "ip", "link", "set", "lo", "up");
  }

  /** A namespace of its own, held by a process. */
  private Process namespace() throws Exception {
    Process process = new ProcessBuilder("unshare", "-n", "sleep", "600").start();
    processes.add(process);
    String own = link("self");
    for (int i = 0; i < 1000 && (link(process.pid() + "").equals(own) || !isSleep(process)); i++) {
      Thread.sleep(5);
    }
    return process;
  }

  private static boolean isSleep(Process process) throws IOException {
    return java.nio.file.Files.readString(java.nio.file.Path.of("/proc/" + process.pid() + "/comm"))
        .equals("sleep\n");
  }

  private static String link(String pid) throws IOException {
    return java.nio.file.Files.readSymbolicLink(
            java.nio.file.Path.of("/proc/" + pid + "/ns/net"))
        .toString();
  }

  /** The host's namespace. */
  NetworkNamespace network() {
    return NetworkNamespace.of("/proc/" + host.pid() + "/ns/net", (int) host.pid());
  }

  /** The process whose namespace is the host. */
  Process process() {
    return host;
  }

  /** Another namespace, with its loopback up. */
  Process neighbour() throws Exception {
    Process neighbour = namespace();
    run(neighbour, "ip", "link", "set", "lo", "up");
    return neighbour;
  }

  /** Runs a command on the host. */
  String run(String... command) throws Exception {
    return run(host, command);
  }

  /** Runs a command in a namespace, which has to succeed. */
  static String run(Process where, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("nsenter", "-t", "" + where.pid(), "-n", "--"));
    all.addAll(List.of(command));
    Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IllegalStateException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  /** Runs Java in a namespace, on a thread that ends there. */
  static <T> T inside(Process where, Callable<T> action) throws Exception {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                enter(where);
                result.complete(action.call());
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            },
            "in namespace of " + where.pid());
    thread.setDaemon(true);
    thread.start();
    try {
      return result.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    } catch (TimeoutException e) {
      throw new IllegalStateException("it takes more than " + SECONDS + " s", e);
    }
  }

  private static void enter(Process where) {
    LocalKernel kernel = new LocalKernel();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot fd = b.slot("namespace");
    b.sys(
            Syscall.OPENAT,
            Arg.imm(Constants.AT_FDCWD),
            b.string("/proc/" + where.pid() + "/ns/net"),
            Arg.imm(Constants.O_RDONLY | Constants.O_CLOEXEC))
        .into(fd);
    b.sys(Syscall.SETNS, fd, Arg.imm(Constants.CLONE_NEWNET));
    b.sys(Syscall.CLOSE, fd);
    kernel.run(b.build()).orThrow();
  }

  @Override
  public void close() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }
}
