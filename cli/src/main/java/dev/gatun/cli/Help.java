package dev.gatun.cli;

import java.util.List;

/** The help, made from the tables that the parser uses. */
final class Help {
  private static final int COLUMN = 30;
  private static final Option HELP = Option.flag("help", 'h', "print this help");

  private Help() {}

  /** A command's options and the one that all commands have. */
  static Option[] withHelp(Option[] options) {
    Option[] all = java.util.Arrays.copyOf(options, options.length + 1);
    all[options.length] = HELP;
    return all;
  }

  /** What {@code gatun --help}, {@code gatun help} or {@code gatun help COMMAND} prints. */
  static Outcome of(List<String> words) {
    int at = !words.isEmpty() && words.getFirst().equals("help") ? 1 : 0;
    if (at < words.size()) {
      String name = Verbs.name(words.subList(at, words.size()));
      if (name.equals(Verbs.POD)) {
        return ofPods();
      }
      Verb verb = Verbs.named(name);
      if (verb == null) {
        throw new UsageException("no command is called \"" + name + "\": see gatun --help");
      }
      return Outcome.print(of(name, verb));
    }
    StringBuilder out = new StringBuilder(2048);
    out.append("gatun runs containers from OCI bundles, as runc does\n\n");
    out.append("usage: gatun [global options] COMMAND [options] [arguments]\n\ncommands:\n");
    commands(out, "");
    out.append("\nglobal options:\n");
    options(out, Main.GLOBAL);
    out.append("\ngatun COMMAND --help says more about a command.\n");
    return Outcome.print(out.toString());
  }

  /** What {@code gatun pod} and {@code gatun pod --help} print. */
  static Outcome ofPods() {
    StringBuilder out = new StringBuilder(1024);
    out.append("gatun pod: containers that share network, IPC and host name\n\n");
    out.append("usage: gatun pod COMMAND [options] [arguments]\n\ncommands:\n");
    commands(out, Verbs.POD + " ");
    out.append("\ngatun pod COMMAND --help says more about a command.\n");
    return Outcome.print(out.toString());
  }

  private static void commands(StringBuilder out, String prefix) {
    for (String name : Verbs.NAMES) {
      Verb verb = Verbs.named(name);
      if (verb != null && name.startsWith(prefix)) {
        line(out, "  " + name, verb.summary());
      }
    }
  }

  /** What {@code gatun COMMAND --help} prints. */
  static String of(String name, Verb verb) {
    StringBuilder out = new StringBuilder(1024);
    out.append("gatun ").append(name).append(": ").append(verb.summary()).append("\n\n");
    out.append("usage: gatun ").append(name).append(" [options]");
    if (!verb.arguments().isEmpty()) {
      out.append(' ').append(verb.arguments());
    }
    if (!verb.details().isEmpty()) {
      out.append("\n\n").append(verb.details());
    } else {
      out.append("\n");
    }
    out.append("\noptions:\n");
    options(out, withHelp(verb.options()));
    return out.toString();
  }

  private static void options(StringBuilder out, Option[] options) {
    for (Option option : options) {
      String left = option.letter() == 0 ? "      --" : "  -" + option.letter() + ", --";
      left += option.name();
      line(out, option.isFlag() ? left : left + " " + option.value(), option.help());
    }
  }

  private static void line(StringBuilder out, String left, String right) {
    out.append(left);
    int length = left.length();
    if (length >= COLUMN) {
      out.append('\n');
      length = 0;
    }
    for (int i = length; i < COLUMN; i++) {
      out.append(' ');
    }
    out.append(right).append('\n');
  }
}
