package dev.gatun.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.runtime.lifecycle.LocalContainers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/** What a JVM of its own does with the library. */
final class OtherJvm {
  private static final int THREADS = 100;
  private static final int EACH = 2;

  private OtherJvm() {}

  static String run(List<String> options, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(options);
    all.add("--enable-native-access=ALL-UNNAMED");
    return runWith(all, arguments);
  }

  static String run(List<String> before, List<String> options, String... arguments)
      throws Exception {
    List<String> all = new ArrayList<>(options);
    all.add("--enable-native-access=ALL-UNNAMED");
    return execute(before, all, arguments);
  }

  static String runWith(List<String> options, String... arguments) throws Exception {
    return execute(List.of(), options, arguments);
  }

  private static String execute(List<String> before, List<String> options, String... arguments)
      throws Exception {
    String base = System.getProperty("basedir", ".");
    String classes =
        String.join(
            System.getProperty("path.separator"),
            System.getProperty("java.class.path"),
            System.getProperty("jdk.module.path", ""),
            Path.of(base, "target", "classes").toString(),
            Path.of(base, "target", "test-classes").toString());
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", classes, OtherJvm.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  public static void main(String[] args) throws Exception {
    String id = args[2];
    Path directory = Path.of(args[1]);
    switch (args[0]) {
      case "open" -> {
        for (int i = 1; i <= 2; i++) {
          try {
            Gatun.open(directory.resolve("state"));
          } catch (ContainerException e) {
            System.out.println(i + ": " + e.getMessage());
          }
        }
      }
      case "create" -> {
        new Box(directory).container(id, "sleep 1000").create();
        System.out.println("created " + id);
      }
      case "some" -> {
        Box box = new Box(directory);
        for (int i = 0; i < 20; i++) {
          live(box, id + "-" + i, i);
        }
        System.out.println("20 containers");
      }
      default -> load(new Box(directory), id);
    }
  }

  /** One container with a status and an output that are its alone. */
  private static void live(Box box, String id, int number) throws IOException {
    int code = number % 200;
    try (Container container =
        box.container(id, "cat; echo " + id + "; exit " + code)
            .stdout(Stdio.pipe())
            .stderr(Stdio.asStdout())
            .stdin(Stdio.pipe())
            .create()) {
      var exit = container.exit();
      container.start();
      if (number % 4 == 0) {
        try (ContainerProcess process = container.exec("sh", "-c", "exit " + code).start()) {
          if (!process.exit().join().equals(new ExitStatus.Exited(code))) {
            throw new AssertionError("exec in " + id + " ended with " + process.exit().join());
          }
        }
      }
      container.stdin().close();
      String said = Box.text(container.stdout());
      if (!said.equals(id + "\n")) {
        throw new AssertionError(id + " said " + said);
      }
      ExitStatus status = exit.join();
      if (!status.equals(new ExitStatus.Exited(code))) {
        throw new AssertionError(id + " ended with " + status + ", not " + code);
      }
    }
  }

  private static Callable<Integer> task(Box box, String name, int thread) {
    return () -> {
      for (int i = 0; i < EACH; i++) {
        live(box, name + "-" + thread + "-" + i, thread * EACH + i);
      }
      return EACH;
    };
  }

  /**
   * Threads of both kinds that make containers, while the heap is collected and others start
   * processes and open files.
   */
  private static void load(Box box, String id) throws Exception {
    live(box, id + "-first", 1);
    child("exit 0");
    Map<String, String> before = LocalContainers.descriptors();
    AtomicBoolean over = new AtomicBoolean();
    int made = 0;
    int beside = 0;
    try (ExecutorService platform = Executors.newFixedThreadPool(THREADS / 2 + 4);
        ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> others = new ArrayList<>();
      others.add(platform.submit(() -> processes(over)));
      others.add(platform.submit(() -> files(over, box.directory)));
      others.add(platform.submit(() -> garbage(over)));
      List<Future<Integer>> tasks = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        tasks.add((thread % 2 == 0 ? platform : virtual).submit(task(box, id, thread)));
      }
      try {
        for (Future<Integer> task : tasks) {
          made += task.get();
        }
      } finally {
        over.set(true);
      }
      for (Future<Integer> other : others) {
        int done = other.get();
        if (done == 0) {
          throw new AssertionError("nothing was done beside");
        }
        beside += done;
      }
    }
    Map<String, String> after = LocalContainers.descriptors();
    if (!after.equals(before)) {
      throw new AssertionError("descriptors before: " + before + "\nand after: " + after);
    }
    if (!Box.children().isEmpty()) {
      throw new AssertionError("children are left: " + Box.children());
    }
    System.out.println(made + " containers, " + beside + " things beside");
  }

  /** Children of ProcessBuilder keep their status and get no descriptor. */
  private static int processes(AtomicBoolean over) throws Exception {
    int count = 0;
    while (!over.get()) {
      int code = ThreadLocalRandom.current().nextInt(100);
      child("exit " + code);
      Process process =
          new ProcessBuilder(Box.BUSYBOX.toString(), "sh", "-c", "ls /proc/self/fd; exit " + code)
              .redirectErrorStream(true)
              .start();
      String seen = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != code || !seen.equals("0\n1\n2\n3\n")) {
        throw new AssertionError(process.exitValue() + " instead of " + code + ", sees " + seen);
      }
      count++;
    }
    return count;
  }

  private static void child(String script) throws Exception {
    Process process = new ProcessBuilder(Box.BUSYBOX.toString(), "sh", "-c", script).start();
    if (process.waitFor() != Integer.parseInt(script.substring(5))) {
      throw new AssertionError(process.exitValue() + " of " + script);
    }
  }

  private static int files(AtomicBoolean over, Path directory) throws Exception {
    int count = 0;
    while (!over.get()) {
      try (var out = new java.io.FileOutputStream(directory.resolve("file").toFile());
          var in = new java.io.FileInputStream(directory.resolve("file").toFile())) {
        out.write(1);
        if (in.read() != 1) {
          throw new AssertionError("a file of another thread");
        }
        count++;
      }
    }
    return count;
  }

  private static int garbage(AtomicBoolean over) throws InterruptedException {
    int count = 0;
    List<byte[]> kept = new ArrayList<>();
    while (!over.get()) {
      kept.add(new byte[256 << 10]);
      if (kept.size() > 40) {
        kept.clear();
        Thread.sleep(1);
      }
      count++;
    }
    return count;
  }
}
