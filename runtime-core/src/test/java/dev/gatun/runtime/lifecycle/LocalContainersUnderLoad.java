package dev.gatun.runtime.lifecycle;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Eight threads that make ten containers each, while the heap is collected. */
final class LocalContainersUnderLoad {
  private static final int THREADS = 8;
  private static final int CONTAINERS = 10;

  private LocalContainersUnderLoad() {}

  public static void main(String[] args) throws Exception {
    LocalContainers containers = new LocalContainers(Files.createDirectories(Path.of(args[0])));
    live(containers, args[1] + "first");
    Map<String, String> before = LocalContainers.descriptors();
    List<Callable<Integer>> tasks = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      String name = args[1] + thread + "-";
      tasks.add(() -> {
        List<byte[]> garbage = new ArrayList<>();
        for (int i = 0; i < CONTAINERS; i++) {
          live(containers, name + i);
          garbage.add(new byte[1 << 20]);
          if (garbage.size() > 3) {
            garbage.clear();
          }
        }
        return CONTAINERS;
      });
    }
    int made = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (Future<Integer> task : threads.invokeAll(tasks)) {
        made += task.get();
      }
    }
    Map<String, String> after = LocalContainers.descriptors();
    if (!after.equals(before)) {
      throw new AssertionError("descriptors before: " + before + "\nand after: " + after);
    }
    if (LocalContainers.hasChild(containers.kernel)) {
      throw new AssertionError("a child is left");
    }
    System.out.println(made + " containers");
  }

  private static void live(LocalContainers containers, String id) {
    Create.Created created =
        Create.run(containers.kernel, containers.root, containers.request(id, null));
    Start.run(containers.kernel, containers.root, id);
    Delete.run(containers.kernel, containers.root, id, true);
    containers.reap(created.state().pid());
  }
}
