package dev.gatun.netns.cni;

import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the caller tells plugins of one attachment: capability arguments, of which each plugin gets
 * those that its configuration asks for, and the older {@code CNI_ARGS}, which all get.
 *
 * <p>Immutable: each method returns a new object.
 */
public final class CniArguments {
  /** Nothing. */
  public static final CniArguments NONE =
      new CniArguments(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashSet<>());

  private final Map<String, byte[]> capabilities;
  private final Map<String, String> args;
  private final Set<String> required;

  private CniArguments(
      Map<String, byte[]> capabilities, Map<String, String> args, Set<String> required) {
    this.capabilities = capabilities;
    this.args = args;
    this.required = required;
  }

  /**
   * A port of the host that leads to one of the pod.
   *
   * @param hostIp the host's address, or null for all of them
   * @param hostPort the host's port
   * @param containerPort the pod's port
   * @param protocol {@code tcp}, {@code udp} or {@code sctp}
   */
  public record Port(@Nullable String hostIp, int hostPort, int containerPort, String protocol) {}

  /**
   * Asks for ports of the host, {@code portMappings}. Without a plugin that does it the attachment
   * is refused.
   *
   * @param ports the ports; when there is none, nothing is asked for
   * @return the arguments with these
   */
  public CniArguments withPorts(List<Port> ports) {
    if (ports.isEmpty()) {
      return this;
    }
    JsonWriter out = JsonWriter.compact().beginArray();
    for (Port port : ports) {
      out.beginObject().member("hostPort", port.hostPort());
      out.member("containerPort", port.containerPort()).member("protocol", port.protocol());
      String hostIp = port.hostIp();
      if (hostIp != null) {
        out.member("hostIP", hostIp);
      }
      out.endObject();
    }
    return with("portMappings", out.endArray().toByteArray(), true);
  }

  /**
   * Asks for addresses, {@code ips}. Without a plugin that does it the attachment is refused.
   *
   * @param ips addresses, with or without a prefix length; when there is none, nothing is asked for
   * @return the arguments with these
   */
  public CniArguments withIps(List<String> ips) {
    if (ips.isEmpty()) {
      return this;
    }
    JsonWriter out = JsonWriter.compact().beginArray();
    for (String ip : ips) {
      out.value(ip);
    }
    return with("ips", out.endArray().toByteArray(), true);
  }

  /**
   * Asks for a hardware address, {@code mac}. Without a plugin that does it the attachment is
   * refused.
   *
   * @param mac six pairs of hexadecimal digits with colons between them
   * @return the arguments with it
   */
  public CniArguments withMac(String mac) {
    return with("mac", JsonWriter.compact().value(mac).toByteArray(), true);
  }

  /**
   * Offers what else plugins may want to know, such as {@code dns}, {@code cgroupPath} or {@code
   * aliases}.
   *
   * @param capability the capability's name
   * @param json its value, JSON
   * @return the arguments with it
   * @throws dev.gatun.oci.SpecException when it is no JSON
   */
  public CniArguments withCapability(String capability, byte[] json) {
    JsonInput in = new JsonInput(json, capability);
    byte[] value = in.raw();
    in.end();
    return with(capability, value, false);
  }

  /**
   * Adds to {@code CNI_ARGS}.
   *
   * @param name letters, digits and underscores
   * @param value without semicolons
   * @return the arguments with it
   * @throws IllegalArgumentException when they cannot be written so
   */
  public CniArguments withArg(String name, String value) {
    boolean plain = !name.isEmpty();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      plain &= c > ' ' && c != '=' && c != ';' && c != 0x7f;
    }
    if (!plain || value.indexOf(';') >= 0 || value.indexOf(0) >= 0) {
      throw new IllegalArgumentException(
          "CNI_ARGS cannot hold " + Names.quoted(name + "=" + value));
    }
    Map<String, String> more = new LinkedHashMap<>(args);
    more.put(name, value);
    return new CniArguments(capabilities, more, required);
  }

  private CniArguments with(String capability, byte[] json, boolean isRequired) {
    Map<String, byte[]> more = new LinkedHashMap<>(capabilities);
    more.put(capability, json);
    Set<String> needed = new LinkedHashSet<>(required);
    if (isRequired) {
      needed.add(capability);
    }
    return new CniArguments(more, args, needed);
  }

  /** Values by capability, JSON. */
  Map<String, byte[]> capabilities() {
    return Collections.unmodifiableMap(capabilities);
  }

  /** The capabilities that some plugin has to have. */
  Set<String> required() {
    return Collections.unmodifiableSet(required);
  }

  /** The value of {@code CNI_ARGS}. */
  String environment() {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, String> arg : args.entrySet()) {
      text.append(text.isEmpty() ? "" : ";").append(arg.getKey()).append('=');
      text.append(arg.getValue());
    }
    return text.toString();
  }

  void write(JsonWriter out) {
    out.beginObject().name("capabilities").beginObject();
    for (Map.Entry<String, byte[]> capability : capabilities.entrySet()) {
      out.name(capability.getKey()).rawValue(capability.getValue());
    }
    out.endObject().name("args").beginObject();
    for (Map.Entry<String, String> arg : args.entrySet()) {
      out.member(arg.getKey(), arg.getValue());
    }
    out.endObject().endObject();
  }

  /** Reads what {@link #write} wrote; whether plugins take it was settled before. */
  static CniArguments read(JsonInput in) {
    CniArguments arguments = NONE;
    in.beginObject();
    for (String name = in.nextField(); name != null; name = in.nextField()) {
      switch (name) {
        case "capabilities" -> {
          in.beginObject();
          for (String one = in.nextEntry(); one != null; one = in.nextEntry()) {
            arguments = arguments.with(one, in.raw(), false);
          }
        }
        case "args" -> {
          for (Map.Entry<String, String> arg : in.stringMap().entrySet()) {
            arguments = arguments.withArg(arg.getKey(), arg.getValue());
          }
        }
        default -> in.skipUnknown();
      }
    }
    return arguments;
  }
}
