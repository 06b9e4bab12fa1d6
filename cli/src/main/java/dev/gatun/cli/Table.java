package dev.gatun.cli;

import java.util.List;

/** Columns of at least {@value #MIN_WIDTH} characters, as runc's tables have. */
final class Table {
  private static final int MIN_WIDTH = 12;
  private static final int GAP = 3;

  private Table() {}

  static String of(List<String[]> rows) {
    int columns = rows.getFirst().length;
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], Math.max(MIN_WIDTH, row[i].length() + GAP));
      }
    }
    StringBuilder out = new StringBuilder();
    for (String[] row : rows) {
      for (int i = 0; i < columns; i++) {
        out.append(row[i]);
        if (i < columns - 1) {
          for (int pad = row[i].length(); pad < widths[i]; pad++) {
            out.append(' ');
          }
        }
      }
      out.append('\n');
    }
    return out.toString();
  }
}
