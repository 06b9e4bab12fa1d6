package dev.gatun.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Things that are measured in turns, so that whatever else the machine does meets all of them
 * alike, and the table of what came out. The first is what the others are compared with.
 */
final class Turns {
  /** Takes the rows, as Markdown, when it is set. */
  private static final String TABLE = System.getProperty("gatun.benchmarks.table", "");

  /** What one turn took, in nanoseconds: until the holder is ready, and to end and remove it. */
  record Times(long start, long end) {}

  /** One turn. */
  @FunctionalInterface
  interface Turn {
    Times take() throws IOException;
  }

  /** What is done before a turn, and is not measured. */
  @FunctionalInterface
  interface Preparation {
    void prepare() throws IOException;
  }

  private record Contestant(String name, Turn turn, List<Times> taken) {}

  private final List<Contestant> contestants = new ArrayList<>();
  private final List<Contestant> order = new ArrayList<>();
  private final Random random = new Random(1);
  private Preparation preparation = () -> {};
  private boolean measures;

  /** Says what is done before each turn, outside of what is measured. */
  Turns before(Preparation work) {
    preparation = work;
    return this;
  }

  Turns add(String name, Turn turn) {
    Contestant contestant = new Contestant(name, turn, new ArrayList<>());
    contestants.add(contestant);
    order.add(contestant);
    return this;
  }

  /** Whether turns count from now on: not while the JVM warms up. */
  void measure(boolean on) {
    measures = on;
  }

  /** Every contestant's turn, in an order of its own: who comes after whom costs, too. */
  void round() throws IOException {
    Collections.shuffle(order, random);
    for (Contestant contestant : order) {
      preparation.prepare();
      Times times = contestant.turn().take();
      if (measures) {
        contestant.taken().add(times);
      }
    }
  }

  private static long[] sorted(Contestant contestant, boolean ends) {
    long[] all = new long[contestant.taken().size()];
    for (int i = 0; i < all.length; i++) {
      Times times = contestant.taken().get(i);
      all[i] = ends ? times.end() : times.start();
    }
    Arrays.sort(all);
    return all;
  }

  /** The rows of the table: medians and, in parentheses, the least, in microseconds. */
  private List<String> rows(String title) {
    List<String> rows = new ArrayList<>();
    for (boolean ends : new boolean[] {false, true}) {
      StringBuilder row = new StringBuilder("| ").append(title).append(ends ? ", end" : ", start");
      long[] first = sorted(contestants.getFirst(), ends);
      for (Contestant contestant : contestants) {
        long[] all = sorted(contestant, ends);
        row.append(
            String.format(
                Locale.ROOT, " | %.0f (%.0f)", all[all.length / 2] / 1000.0, all[0] / 1000.0));
      }
      for (Contestant other : contestants.subList(1, contestants.size())) {
        long[] all = sorted(other, ends);
        row.append(
            String.format(
                Locale.ROOT,
                " | %.2f (%.2f)",
                (double) first[first.length / 2] / all[all.length / 2],
                (double) first[0] / all[0]));
      }
      rows.add(row.append(" |").toString());
    }
    return rows;
  }

  /**
   * Says what came out.
   *
   * @param title what was measured
   * @return the rows, one to a line, and how many turns each of them counts
   */
  String report(String title) throws IOException {
    int turns = contestants.getFirst().taken().size();
    if (turns == 0) {
      return "nothing was measured";
    }
    List<String> rows = rows(title);
    if (!TABLE.isEmpty()) {
      Files.write(Path.of(TABLE), rows, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
    return turns + " rounds\n" + String.join("\n", rows);
  }
}
