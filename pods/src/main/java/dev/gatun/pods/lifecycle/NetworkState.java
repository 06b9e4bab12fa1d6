package dev.gatun.pods.lifecycle;

import dev.gatun.netns.IpAddress;
import dev.gatun.netns.PortMapping;
import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * The contents of a pod's {@code network.json}: what its network is, and what is needed to take it
 * back. It is written before anything of the network is made, and again when it is complete.
 *
 * @param mode the network's word: none, host, bridge, cni:NAME
 * @param complete whether everything has been made
 * @param interfaces the pod's interfaces, without the loopback
 * @param gateways where its default routes lead
 * @param ports ports of the host that lead into it
 * @param masquerade whether the host's packet filter was told to hide its addresses
 */
public record NetworkState(
    String mode,
    boolean complete,
    List<Interface> interfaces,
    List<String> gateways,
    List<PortMapping> ports,
    boolean masquerade) {
  /** The file's name. */
  public static final String FILE = "network.json";

  /**
   * An interface of a pod.
   *
   * @param name its name in the pod
   * @param host the name of its other end, or empty
   * @param mac its address on the link
   * @param mtu its largest packet in bytes, 0 when nobody said
   * @param addresses its addresses, each with the length of its prefix behind a slash
   */
  public record Interface(String name, String host, String mac, int mtu, List<String> addresses) {
    /** Copies the addresses. */
    public Interface {
      addresses = List.copyOf(addresses);
    }
  }

  /** Copies the lists. */
  public NetworkState {
    interfaces = List.copyOf(interfaces);
    gateways = List.copyOf(gateways);
    ports = List.copyOf(ports);
  }

  /** A network of which nothing has been made. */
  static NetworkState begun(String mode, List<PortMapping> ports) {
    return new NetworkState(mode, false, List.of(), List.of(), ports, false);
  }

  /** The addresses of all interfaces, without the lengths of their prefixes. */
  public List<IpAddress> addresses() {
    List<IpAddress> all = new ArrayList<>();
    for (Interface one : interfaces) {
      for (String address : one.addresses()) {
        int slash = address.indexOf('/');
        all.add(IpAddress.parse(slash < 0 ? address : address.substring(0, slash)));
      }
    }
    return all;
  }

  /** The file's contents. */
  byte[] toBytes() {
    JsonWriter out = JsonWriter.compact().beginObject();
    write(out);
    out.member("masquerade", masquerade);
    return out.member("complete", complete).endObject().toByteArray();
  }

  /**
   * Writes what people may want to know, as members of an object.
   *
   * @param out where
   */
  public void write(JsonWriter out) {
    out.member("mode", mode).name("interfaces").beginArray();
    for (Interface one : interfaces) {
      out.beginObject().member("name", one.name());
      if (!one.host().isEmpty()) {
        out.member("host", one.host());
      }
      out.member("mac", one.mac());
      if (one.mtu() != 0) {
        out.member("mtu", one.mtu());
      }
      strings(out, "addresses", one.addresses());
      out.endObject();
    }
    out.endArray();
    strings(out, "gateways", gateways);
    out.name("ports").beginArray();
    for (PortMapping port : ports) {
      out.value(port.toString());
    }
    out.endArray();
  }

  private static void strings(JsonWriter out, String name, List<String> texts) {
    out.name(name).beginArray();
    for (String text : texts) {
      out.value(text);
    }
    out.endArray();
  }

  /**
   * Reads the file.
   *
   * @param bytes its contents
   * @return the network
   * @throws dev.gatun.oci.SpecException when it is none
   */
  static NetworkState of(byte[] bytes) {
    JsonInput in = new JsonInput(bytes, FILE);
    try {
      NetworkState read = read(in);
      // Who asks for them later does not expect that they are none.
      read.addresses();
      return read;
    } catch (IllegalArgumentException e) {
      throw in.error(String.valueOf(e.getMessage()));
    }
  }

  private static NetworkState read(JsonInput in) {
    String mode = "none";
    boolean complete = false;
    List<Interface> interfaces = new ArrayList<>();
    List<String> gateways = List.of();
    List<PortMapping> ports = new ArrayList<>();
    boolean masquerade = false;
    in.beginObject();
    for (String name = in.nextField(); name != null; name = in.nextField()) {
      switch (name) {
        case "mode" -> mode = in.string();
        case "complete" -> complete = in.bool();
        case "masquerade" -> masquerade = in.bool();
        case "interfaces" -> {
          in.beginArray("interfaces");
          while (in.nextElement()) {
            interfaces.add(readInterface(in));
          }
        }
        case "gateways" -> gateways = in.strings();
        case "ports" -> {
          for (String port : in.strings()) {
            ports.add(PortMapping.parse(port));
          }
        }
        default -> in.skipUnknown();
      }
    }
    in.end();
    return new NetworkState(mode, complete, interfaces, gateways, ports, masquerade);
  }

  private static Interface readInterface(JsonInput in) {
    String name = "";
    String host = "";
    String mac = "";
    int mtu = 0;
    List<String> addresses = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "name" -> name = in.string();
        case "host" -> host = in.string();
        case "mac" -> mac = in.string();
        case "mtu" -> mtu = in.int32();
        case "addresses" -> addresses = in.strings();
        default -> in.skipUnknown();
      }
    }
    return new Interface(name, host, mac, mtu, addresses);
  }
}
