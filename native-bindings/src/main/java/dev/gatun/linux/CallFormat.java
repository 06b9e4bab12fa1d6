package dev.gatun.linux;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Renders a system call as {@code strace(1)} does: {@code openat2(7</run/x/rootfs>, "etc/passwd",
 * …)}.
 */
public final class CallFormat {
  private CallFormat() {}

  /** What the six words of a call stand for, as far as the one who prints it knows. */
  public interface Resolver {
    /** Knows nothing: descriptors are printed as numbers and pointers as an ellipsis. */
    Resolver NONE = new Resolver() {};

    /**
     * Names what a file descriptor is open on.
     *
     * @param index the argument's index, from 0
     * @param value the descriptor
     * @return the label to print after the number, as {@code /run/x/rootfs}, or null
     */
    default @Nullable String fd(int index, long value) {
      return null;
    }

    /**
     * Prints what an argument stands for: the string or the structure that a pointer points to, or
     * an argument that has no value yet because it is the result of an earlier call.
     *
     * @param index the argument's index, from 0
     * @param value the argument
     * @return the text to print, with its quotes, see {@link #quote}, or null
     */
    default @Nullable String text(int index, long value) {
      return null;
    }
  }

  /**
   * Renders a call.
   *
   * @param call the system call
   * @param arguments its argument words; more than the call has parameters are ignored
   * @param arch the architecture, for the flags whose values differ
   * @param resolver what pointers and descriptors stand for
   * @return the call with its arguments in parentheses
   */
  public static String format(Syscall call, long[] arguments, Arch arch, Resolver resolver) {
    StringBuilder out = new StringBuilder(80);
    out.append(call.kernelName()).append('(');
    List<Parameter> parameters = call.parameters();
    int count = Math.min(parameters.size(), arguments.length);
    // A call that takes any number of arguments ends where only zeros follow.
    if (call == Syscall.PRCTL || call == Syscall.KEYCTL || call == Syscall.FCNTL) {
      while (count > 1 && arguments[count - 1] == 0 && resolver.text(count - 1, 0) == null) {
        count--;
      }
    }
    for (int i = 0; i < count; i++) {
      if (i > 0) {
        out.append(", ");
      }
      long value = arguments[i];
      String text = resolver.text(i, value);
      if (text != null) {
        out.append(text);
        continue;
      }
      argument(out, call, parameters.get(i), i, arguments, arch, resolver);
    }
    return out.append(')').toString();
  }

  private static void argument(
      StringBuilder out,
      Syscall call,
      Parameter parameter,
      int index,
      long[] arguments,
      Arch arch,
      Resolver resolver) {
    long value = arguments[index];
    switch (parameter) {
      case FD, DIRFD -> {
        if ((int) value == Constants.AT_FDCWD) {
          out.append("AT_FDCWD");
          return;
        }
        out.append((int) value);
        String label = resolver.fd(index, value);
        if (label != null) {
          out.append('<').append(label).append('>');
        }
      }
      case PATH, STRING, BYTES, POINTER, OPEN_HOW -> out.append(value == 0 ? "NULL" : "…");
      case INT, PID, ID -> out.append((int) value);
      case UINT -> out.append(Integer.toUnsignedString((int) value));
      case SIZE -> out.append(Long.toUnsignedString(value));
      case MODE -> {
        if (value != 0) {
          out.append('0');
        }
        out.append(Long.toOctalString(value));
      }
      case DEVICE -> device(out, value);
      default -> {
        if (parameter == Parameter.HEX && call == Syscall.PRCTL && index == 1) {
          prctlArgument(out, arguments, arch);
        } else {
          out.append(Flags.format(parameter, value, arch));
        }
      }
    }
  }

  private static void prctlArgument(StringBuilder out, long[] arguments, Arch arch) {
    int option = (int) arguments[0];
    if (option == Constants.PR_CAPBSET_DROP || option == Constants.PR_CAPBSET_READ) {
      String name = Flags.capability((int) arguments[1]);
      out.append(name != null ? name : Long.toUnsignedString(arguments[1]));
    } else if (option == Constants.PR_SET_PDEATHSIG) {
      out.append(Flags.format(Parameter.SIGNAL, arguments[1], arch));
    } else {
      out.append(Flags.format(Parameter.HEX, arguments[1], arch));
    }
  }

  private static void device(StringBuilder out, long device) {
    long major = (device >>> 8) & 0xfff;
    long minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
    out.append("makedev(").append(major).append(", ").append(minor).append(')');
  }

  /**
   * Quotes a string as a C literal: control characters, quotes and backslashes escaped, letters of
   * any language as they are, so that a line of output stays one line.
   *
   * @param text a path or another string
   * @return the text between double quotes
   */
  public static String quote(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\t' -> out.append("\\t");
        case '\r' -> out.append("\\r");
        default -> {
          // C1 controls, line and paragraph separators and bidirectional overrides would let a
          // hostile name rewrite the terminal's line.
          boolean control =
              c < 0x20
                  || (c >= 0x7f && c < 0xa0)
                  || (c >= 0x2028 && c <= 0x202e)
                  || (c >= 0x2066 && c <= 0x2069);
          if (control) {
            out.append(c < 0x100 ? "\\x" : "\\u");
            for (int shift = c < 0x100 ? 4 : 12; shift >= 0; shift -= 4) {
              out.append(Character.forDigit((c >>> shift) & 15, 16));
            }
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }
}
