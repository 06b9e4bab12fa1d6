package dev.gatun.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands by name; only the one that is asked for is loaded. */
final class Verbs {
  /** All names, in the order of the help. */
  static final String[] NAMES = {
    "create",
    "delete",
    "events",
    "exec",
    "explain",
    "features",
    "kill",
    "list",
    "pause",
    "pod check",
    "pod create",
    "pod delete",
    "pod gc",
    "pod kill",
    "pod list",
    "pod state",
    "pod stop",
    "ps",
    "resume",
    "run",
    "spec",
    "start",
    "state",
    "update"
  };

  /** The word before the commands that are about pods. */
  static final String POD = "pod";

  private Verbs() {}

  /** How many words of a command line name its command. */
  static int words(List<String> words) {
    return words.size() > 1 && words.getFirst().equals(POD) && !words.get(1).startsWith("-")
        ? 2
        : 1;
  }

  /** The name of a command line's command, as {@link #named} takes it. */
  static String name(List<String> words) {
    return words(words) == 2 ? POD + " " + words.get(1) : words.getFirst();
  }

  static @Nullable Verb named(String name) {
    return switch (name) {
      case "create" -> new CreateVerb();
      case "delete" -> new DeleteVerb();
      case "events" -> new EventsVerb();
      case "exec" -> new ExecVerb();
      case "explain" -> new ExplainVerb();
      case "features" -> new FeaturesVerb();
      case "kill" -> new KillVerb();
      case "list" -> new ListVerb();
      case "pause" -> new PauseVerb();
      case "pod check" -> new PodCheckVerb();
      case "pod create" -> new PodCreateVerb();
      case "pod delete" -> new PodDeleteVerb();
      case "pod gc" -> new PodGcVerb();
      case "pod kill" -> new PodKillVerb();
      case "pod list" -> new PodListVerb();
      case "pod state" -> new PodStateVerb();
      case "pod stop" -> new PodStopVerb();
      case "ps" -> new PsVerb();
      case "resume" -> new ResumeVerb();
      case "run" -> new RunVerb();
      case "spec" -> new SpecVerb();
      case "start" -> new StartVerb();
      case "state" -> new StateVerb();
      case "update" -> new UpdateVerb();
      default -> null;
    };
  }
}
