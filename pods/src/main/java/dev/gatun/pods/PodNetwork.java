package dev.gatun.pods;

import dev.gatun.runtime.ContainerException;
import org.jspecify.annotations.Nullable;

/** What network a pod has. Its containers share it, {@code network_namespaces(7)}. */
public sealed interface PodNetwork {
  /** A namespace with a loopback interface and nothing else. */
  record None() implements PodNetwork {}

  /** The host's own: the pod has no network namespace. */
  record Host() implements PodNetwork {}

  /**
   * An interface {@code eth0} on Gatun's bridge, with one address of each family.
   *
   * @param config the file with the ranges, or null for {@code /etc/gatun/network.json}, which may
   *     be missing
   */
  record Bridge(@Nullable String config) implements PodNetwork {}

  /**
   * A network that CNI plugins make.
   *
   * @param name the network's name in {@code /etc/cni/net.d}
   */
  record Cni(String name) implements PodNetwork {}

  /** Loopback only. */
  static PodNetwork none() {
    return new None();
  }

  /** The host's. */
  static PodNetwork host() {
    return new Host();
  }

  /** On the bridge, as {@code /etc/gatun/network.json} says where there is one. */
  static PodNetwork bridge() {
    return new Bridge(null);
  }

  /**
   * On the bridge.
   *
   * @param config the path of the file with the bridge's name and the ranges
   * @return the network
   */
  static PodNetwork bridge(String config) {
    return new Bridge(config);
  }

  /**
   * By CNI plugins.
   *
   * @param name the network's name
   * @return the network
   */
  static PodNetwork cni(String name) {
    return new Cni(name);
  }

  /**
   * Reads what people write: {@code none}, {@code host}, {@code bridge} or {@code cni:NAME}.
   *
   * @param text the text
   * @param config the file for a bridge, or null
   * @return the network
   * @throws ContainerException when it is none of them
   */
  static PodNetwork parse(String text, @Nullable String config) {
    if (text.startsWith("cni:") && text.length() > 4) {
      return new Cni(text.substring(4));
    }
    return switch (text) {
      case "none" -> new None();
      case "host" -> new Host();
      case "bridge" -> new Bridge(config);
      default ->
          throw new ContainerException(
              "invalid value \""
                  + text
                  + "\" for --network: it must be none, host, bridge or cni:NAME");
    };
  }

  /** What people write for it. */
  default String word() {
    return switch (this) {
      case None none -> "none";
      case Host host -> "host";
      case Bridge bridge -> "bridge";
      case Cni cni -> "cni:" + cni.name();
    };
  }
}
