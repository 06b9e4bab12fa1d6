package dev.gatun.netns.cni;

import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.SpecException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One interface of one pod in a network. It holds all that detaching takes, the network's
 * configuration as it was at the time included, and can be written down as bytes.
 *
 * <p>The order that leaves nothing behind: {@link #toBytes} is written to disk, {@link #add} is
 * called, {@link #toBytes} is written again; later {@link #delete} is called on what {@link #parse}
 * read, and then the bytes are removed.
 */
public final class CniAttachment {
  private final CniNetwork network;
  private final CniVersion version;
  private final String containerId;
  private final String netns;
  private final String ifName;
  private final CniArguments arguments;
  private byte @Nullable [] result;

  CniAttachment(
      CniNetwork network,
      CniVersion version,
      String containerId,
      String netns,
      String ifName,
      CniArguments arguments,
      byte @Nullable [] result) {
    this.network = network;
    this.version = version;
    this.containerId = containerId;
    this.netns = netns;
    this.ifName = ifName;
    this.arguments = arguments;
    this.result = result;
  }

  /** The network, as it was configured when the pod was attached. */
  public CniNetwork network() {
    return network;
  }

  /** The version that its plugins are spoken to in. */
  public CniVersion version() {
    return version;
  }

  /** What identifies it within its network. */
  public CniNetwork.Attached attached() {
    return new CniNetwork.Attached(containerId, ifName);
  }

  /** What the plugins reported; null when the pod has not been attached, or not completely. */
  public @Nullable CniResult result() {
    return result == null ? null : CniResult.read(result, "result", version).result();
  }

  /**
   * Attaches the pod: ADD of each plugin in turn. When one fails, DEL of it and of those before it,
   * in the opposite order.
   *
   * @param runner runs plugins
   * @return what the plugins report
   * @throws CniException the failure; what failed in taking back is suppressed in it
   */
  public CniResult add(PluginRunner runner) {
    PluginCall call = call(runner, Command.ADD, netns, network.operation("add", containerId, "to"));
    CniResult.Written last = null;
    List<PluginConfig> plugins = network.configs();
    for (int i = 0; i < plugins.size(); i++) {
      try {
        byte @Nullable [] previous = last == null ? null : last.json();
        last = add(call, plugins.get(i), previous);
      } catch (RuntimeException e) {
        undo(runner, i, last, e);
        throw e;
      }
    }
    if (last == null) {
      throw new IllegalStateException("a network without plugins");
    }
    result = last.json();
    return last.result();
  }

  private CniResult.Written add(PluginCall call, PluginConfig plugin, byte @Nullable [] previous) {
    byte[] answer = call.run(plugin.type(), request(plugin, previous));
    try {
      return CniResult.read(answer, call.answer(), version);
    } catch (SpecException e) {
      throw call.garbled(plugin.type(), e);
    }
  }

  private void undo(
      PluginRunner runner, int failed, CniResult.@Nullable Written last, RuntimeException cause) {
    PluginCall call =
        call(runner, Command.DEL, netns, network.operation("remove", containerId, "from"));
    for (int i = failed; i >= 0; i--) {
      try {
        delete(call, network.configs().get(i), last == null ? null : last.json());
      } catch (RuntimeException e) {
        cause.addSuppressed(e);
      }
    }
  }

  /**
   * Detaches the pod: DEL of each plugin, in the opposite order. It may be called again, whether it
   * failed or not, and also when {@link #add} was never called or did not come to its end. As the
   * specification wants it, nothing more is done when a plugin fails.
   *
   * @param runner runs plugins
   * @param sandbox the path of the pod's network namespace, or null when that is gone. A path with
   *     the pid of a process that has ended may be somebody else's by now: it counts as gone
   * @throws CniException when a plugin failed
   */
  public void delete(PluginRunner runner, @Nullable String sandbox) {
    PluginCall call = remove(runner, sandbox);
    for (PluginConfig plugin : network.configs().reversed()) {
      delete(call, plugin, result);
    }
  }

  /**
   * Detaches the pod as {@link #delete} does, as far as it can be done: the other plugins are asked
   * also when one fails.
   *
   * @param runner runs plugins
   * @param sandbox the path of the pod's network namespace, or null when that is gone
   * @throws CniException the first failure, with the others suppressed in it
   */
  public void abandon(PluginRunner runner, @Nullable String sandbox) {
    PluginCall call = remove(runner, sandbox);
    CniException failure = null;
    for (PluginConfig plugin : network.configs().reversed()) {
      try {
        delete(call, plugin, result);
      } catch (CniException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private PluginCall remove(PluginRunner runner, @Nullable String sandbox) {
    return call(
        runner,
        Command.DEL,
        sandbox == null ? "" : sandbox,
        network.operation("remove", containerId, "from"));
  }

  private void delete(PluginCall call, PluginConfig plugin, byte @Nullable [] previous) {
    try {
      call.run(plugin.type(), request(plugin, version.hasCheck() ? previous : null));
    } catch (CniException e) {
      // It says that there is nothing to be removed.
      if (e.code() != CniException.UNKNOWN_CONTAINER) {
        throw e;
      }
    }
  }

  /**
   * Lets plugins check that the attachment is what it was made to be: CHECK of each in turn, until
   * one fails.
   *
   * @param runner runs plugins
   * @return why plugins were not asked, as one sentence; null when they were
   * @throws CniException when the pod is not attached, or not as it was
   */
  public @Nullable String check(PluginRunner runner) {
    String unchecked = "CNI network " + Names.quoted(network.name()) + " was not checked: ";
    if (network.disablesCheck()) {
      return unchecked + "its configuration forbids it (disableCheck)";
    }
    if (!version.hasCheck()) {
      return unchecked + "CNI " + version + " has no CHECK, which came with " + CniVersion.V0_4_0;
    }
    String operation = network.operation("check", containerId, "in");
    if (result == null) {
      throw CniException.of(network.name(), operation + ": it has not been added");
    }
    PluginCall call = call(runner, Command.CHECK, netns, operation);
    for (PluginConfig plugin : network.configs()) {
      call.run(plugin.type(), request(plugin, result));
    }
    return null;
  }

  private PluginCall call(PluginRunner runner, Command command, String sandbox, String operation) {
    List<String> environment = new ArrayList<>();
    environment.add("CNI_CONTAINERID=" + containerId);
    environment.add("CNI_NETNS=" + sandbox);
    environment.add("CNI_IFNAME=" + ifName);
    environment.add("CNI_ARGS=" + arguments.environment());
    return new PluginCall(
        runner, network.binDirs(), network.name(), command, operation, environment);
  }

  private byte[] request(PluginConfig plugin, byte @Nullable [] previous) {
    JsonWriter request = plugin.request(version, network.name());
    plugin.runtimeConfig(request, arguments.capabilities());
    if (previous != null) {
      request.name("prevResult").rawValue(previous);
    }
    return request.endObject().toByteArray();
  }

  /**
   * Writes it down.
   *
   * @return one JSON object
   */
  public byte[] toBytes() {
    JsonWriter out = JsonWriter.compact().beginObject();
    out.member("version", version.toString()).member("containerId", containerId);
    out.member("netns", netns).member("ifName", ifName);
    out.name("binDirs").beginArray();
    for (String directory : network.binDirs()) {
      out.value(directory);
    }
    out.endArray().name("network");
    network.write(out);
    out.name("arguments");
    arguments.write(out);
    if (result != null) {
      out.name("result").rawValue(result);
    }
    return out.endObject().toByteArray();
  }

  /**
   * Reads what {@link #toBytes} wrote.
   *
   * @param bytes the JSON object
   * @param fileName what messages call it
   * @return the attachment
   * @throws SpecException when it is damaged
   */
  public static CniAttachment parse(byte[] bytes, String fileName) {
    JsonInput in = new JsonInput(bytes, fileName);
    CniVersion version = null;
    String containerId = null;
    String netns = "";
    String ifName = null;
    List<String> binDirs = List.of();
    CniNetwork network = null;
    CniArguments arguments = CniArguments.NONE;
    byte[] result = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "version" -> version = CniVersion.of(in.string());
        case "containerId" -> containerId = in.string();
        case "netns" -> netns = in.string();
        case "ifName" -> ifName = in.string();
        case "binDirs" -> binDirs = in.strings();
        case "network" -> network = CniNetwork.read(in, binDirs);
        case "arguments" -> arguments = CniArguments.read(in);
        case "result" -> result = in.raw();
        default -> in.skipUnknown();
      }
    }
    in.end();
    if (version == null || containerId == null || ifName == null || network == null) {
      throw in.missing(
          version == null
              ? "version"
              : containerId == null ? "containerId" : ifName == null ? "ifName" : "network");
    }
    return new CniAttachment(network, version, containerId, netns, ifName, arguments, result);
  }
}
