package dev.gatun.runtime.embedded;

import dev.gatun.linux.program.Kernel;
import dev.gatun.runtime.Gatun;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What Gatun's other modules need of the embedded runtime, and programs that embed it do not. */
public abstract class Embedded {
  private static volatile @Nullable Embedded offered;

  /** For the public API, which offers one. */
  protected Embedded() {}

  /** The kernel of this process. */
  public abstract Kernel kernel();

  /** Who waits for the ends of processes. */
  public abstract Exits exits();

  /**
   * Does something on a thread that may, and says what goes wrong in the words of the public API.
   *
   * @param <T> what it gives
   * @param work what is done
   * @return what it gave
   * @throws dev.gatun.runtime.GatunException when it fails
   */
  public abstract <T> T run(Supplier<T> work);

  /**
   * Says who gives access: the public API does, when it is loaded.
   *
   * @param embedded the access
   */
  public static void offer(Embedded embedded) {
    offered = embedded;
  }

  /**
   * The embedded runtime of this JVM.
   *
   * @param gatun an open runtime: there is none before the first has been opened
   * @return it
   */
  public static Embedded of(Gatun gatun) {
    return Objects.requireNonNull(offered, gatun.toString());
  }
}
