package dev.gatun.runtime.hooks;

import dev.gatun.oci.Hook;
import dev.gatun.oci.Hooks;
import java.util.List;

/** A point of a container's life at which hooks are run. */
public enum HookKind {
  /** {@code prestart}, which is deprecated. */
  PRESTART("prestart"),
  /** {@code createRuntime}. */
  CREATE_RUNTIME("createRuntime"),
  /** {@code createContainer}. */
  CREATE_CONTAINER("createContainer"),
  /** {@code startContainer}. */
  START_CONTAINER("startContainer"),
  /** {@code poststart}. */
  POSTSTART("poststart"),
  /** {@code poststop}. */
  POSTSTOP("poststop");

  private final String specName;

  HookKind(String specName) {
    this.specName = specName;
  }

  /** The name that a configuration uses. */
  public String specName() {
    return specName;
  }

  /**
   * The hooks of this kind, in the order in which they are run.
   *
   * @param hooks all hooks of a configuration
   * @return those of this kind
   */
  public List<Hook> of(Hooks hooks) {
    return switch (this) {
      case PRESTART -> hooks.prestart();
      case CREATE_RUNTIME -> hooks.createRuntime();
      case CREATE_CONTAINER -> hooks.createContainer();
      case START_CONTAINER -> hooks.startContainer();
      case POSTSTART -> hooks.poststart();
      case POSTSTOP -> hooks.poststop();
    };
  }

  /**
   * Those hooks that are run once {@code create} is over, by commands that do not read the
   * configuration any more.
   *
   * @param hooks all hooks of a configuration
   * @return those that are run, or waited for, by commands after {@code create}
   */
  public static Hooks afterCreate(Hooks hooks) {
    return new Hooks(
        List.of(),
        List.of(),
        List.of(),
        hooks.startContainer(),
        hooks.poststart(),
        hooks.poststop());
  }

  /**
   * The step of a hook of this kind, in messages and listings.
   *
   * @param hook the hook
   * @return a few words
   */
  public String step(Hook hook) {
    return "hook " + specName + " \"" + hook.path() + "\"";
  }

  /**
   * The JSON pointer of a hook of this kind.
   *
   * @param index its place in the list
   * @return the pointer
   */
  public String place(int index) {
    return "/hooks/" + specName + "/" + index;
  }
}
