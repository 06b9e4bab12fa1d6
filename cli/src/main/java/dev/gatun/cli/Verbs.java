package dev.gatun.cli;

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
    "ps",
    "resume",
    "run",
    "spec",
    "start",
    "state",
    "update"
  };

  private Verbs() {}

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
