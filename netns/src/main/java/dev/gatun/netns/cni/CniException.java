package dev.gatun.netns.cni;

import org.jspecify.annotations.Nullable;

/**
 * A network cannot be used, or one of its plugins failed. The message is one sentence that names
 * the network, the plugin, and the plugin's own words and error code:
 *
 * <pre>add "p1" to CNI network "dbnet": plugin "host-local": no addresses are left (code 11, try
 * again later)</pre>
 */
public final class CniException extends RuntimeException {
  /** The code of a plugin that does not know the container: there is nothing to be removed. */
  public static final int UNKNOWN_CONTAINER = 3;

  /** The code of a plugin that may succeed when it is asked again later. */
  public static final int TRY_AGAIN_LATER = 11;

  private final String network;
  private final @Nullable String plugin;
  private final int code;
  private boolean absent;

  CniException(
      String message,
      String network,
      @Nullable String plugin,
      int code,
      @Nullable Throwable cause) {
    super(message, cause);
    this.network = network;
    this.plugin = plugin;
    this.code = code;
  }

  /** One about a network, and none of its plugins. */
  static CniException of(String network, String message) {
    return new CniException(message, network, null, 0, null);
  }

  /** Says of it that the plugin's file is not there. */
  CniException ofAbsent() {
    absent = true;
    return this;
  }

  /** Whether the plugin was never executed, since there is no such file. */
  public boolean isAbsent() {
    return absent;
  }

  /** The network's name. */
  public String network() {
    return network;
  }

  /** The plugin that failed, by its type, or null when none did. */
  public @Nullable String plugin() {
    return plugin;
  }

  /** The plugin's error code; 0 when it gave none. */
  public int code() {
    return code;
  }
}
