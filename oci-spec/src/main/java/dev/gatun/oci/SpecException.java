package dev.gatun.oci;

/**
 * Says in one sentence what is wrong with a document and where: {@code config.json:12:18:
 * /process/args: expected an array of strings, found a number}.
 */
public final class SpecException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String fileName;
  private final int line;
  private final int column;
  private final String pointer;
  private final String problem;

  /**
   * Creates an exception.
   *
   * @param fileName name of the document
   * @param line line in the document, from 1, or 0 when it is not known
   * @param column byte in the line, from 1, or 0 when it is not known
   * @param pointer JSON pointer (RFC 6901) of the place; empty for the whole document
   * @param problem what is wrong, lower case, without a full stop
   */
  public SpecException(String fileName, int line, int column, String pointer, String problem) {
    super(message(fileName, line, column, pointer, problem), null, false, true);
    this.fileName = fileName;
    this.line = line;
    this.column = column;
    this.pointer = pointer;
    this.problem = problem;
  }

  private static String message(
      String fileName, int line, int column, String pointer, String problem) {
    StringBuilder text = new StringBuilder(fileName);
    if (line > 0) {
      text.append(':').append(line).append(':').append(column);
    }
    if (!pointer.isEmpty()) {
      text.append(": ").append(pointer);
    }
    text.append(": ").append(problem);
    // Names and values of the document are in it, and a message is one line.
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        text.setCharAt(i, '?');
      }
    }
    return text.toString();
  }

  /**
   * Returns the name of the document.
   *
   * @return the name that the reader was given
   */
  public String fileName() {
    return fileName;
  }

  /**
   * Returns the line.
   *
   * @return the line, from 1, or 0 when it is not known
   */
  public int line() {
    return line;
  }

  /**
   * Returns the column.
   *
   * @return the byte in the line, from 1, or 0 when it is not known
   */
  public int column() {
    return column;
  }

  /**
   * Returns the place in the document's structure.
   *
   * @return a JSON pointer (RFC 6901), empty for the whole document
   */
  public String pointer() {
    return pointer;
  }

  /**
   * Returns what is wrong, without the place.
   *
   * @return the problem
   */
  public String problem() {
    return problem;
  }
}
