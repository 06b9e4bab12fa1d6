package dev.gatun.netns.cni;

import dev.gatun.netns.IpAddress;
import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.SpecException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an attachment to a network consists of, as its plugins report it.
 *
 * @param interfaces those that were made, the host's among them
 * @param ips addresses that were given to them
 * @param routes routes that were added in the pod
 * @param dns what is known of name servers
 */
public record CniResult(List<Interface> interfaces, List<Ip> ips, List<Route> routes, Dns dns) {

  /** Copies the lists. */
  public CniResult {
    interfaces = List.copyOf(interfaces);
    ips = List.copyOf(ips);
    routes = List.copyOf(routes);
  }

  /**
   * An interface.
   *
   * @param name its name
   * @param mac its hardware address, as the plugin writes it, or null
   * @param mtu its MTU in bytes; 0 when the plugin does not say
   * @param sandbox the path of the network namespace that it is in; empty for the host's
   * @param socketPath the path of a socket that stands for it, or null
   * @param pciId the address of its PCI device, or null
   */
  public record Interface(
      String name,
      @Nullable String mac,
      long mtu,
      String sandbox,
      @Nullable String socketPath,
      @Nullable String pciId) {}

  /**
   * An address.
   *
   * @param address the address
   * @param prefix how many of its bits are the network's
   * @param gateway the gateway of that network, or null
   * @param index the place of its interface in {@link CniResult#interfaces()}, or −1 when the
   *     plugin does not say
   */
  public record Ip(IpAddress address, int prefix, @Nullable IpAddress gateway, int index) {}

  /**
   * A route. Numbers are −1 when the plugin does not say.
   *
   * @param destination the network that it leads to
   * @param prefix how many bits of that are the network's
   * @param gateway the next hop, or null for that of an address
   * @param mtu the MTU along it
   * @param advmss the segment size that is advertised
   * @param priority the metric: the lowest wins
   * @param table the table that it is in
   * @param scope its scope, {@code rtnetlink(7)}
   */
  public record Route(
      IpAddress destination,
      int prefix,
      @Nullable IpAddress gateway,
      long mtu,
      long advmss,
      long priority,
      long table,
      long scope) {}

  /**
   * What goes into {@code resolv.conf(5)}.
   *
   * @param nameservers addresses, the preferred ones first
   * @param domain the local domain, or null
   * @param search domains that short names are looked up in
   * @param options options of the resolver
   */
  public record Dns(
      List<String> nameservers,
      @Nullable String domain,
      List<String> search,
      List<String> options) {
    /** Nothing. */
    public static final Dns NONE = new Dns(List.of(), null, List.of(), List.of());

    /** Copies the lists. */
    public Dns {
      nameservers = List.copyOf(nameservers);
      search = List.copyOf(search);
      options = List.copyOf(options);
    }
  }

  /**
   * The pod's own addresses: those of interfaces in a network namespace other than the host's, and
   * those of which the plugin does not say whose they are.
   *
   * @return the addresses, in the plugin's order
   */
  public List<Ip> podIps() {
    List<Ip> own = new ArrayList<>();
    for (Ip ip : ips) {
      if (ip.index() < 0 || !interfaces.get(ip.index()).sandbox().isEmpty()) {
        own.add(ip);
      }
    }
    return List.copyOf(own);
  }

  /**
   * A result as a plugin wrote it.
   *
   * @param result what it says
   * @param json how it is handed on to other plugins: of the version that is spoken, and untouched
   *     if it was already
   */
  @SuppressWarnings("ArrayRecordComponent") // carried to the next request, never compared
  record Written(CniResult result, byte[] json) {}

  /**
   * Reads a plugin's answer to ADD.
   *
   * @param utf8 the answer
   * @param fileName what messages call it
   * @param spoken the version that the plugin was asked in
   * @throws SpecException when it is none
   */
  static Written read(byte[] utf8, String fileName, CniVersion spoken) {
    JsonInput in = new JsonInput(utf8, fileName);
    List<Interface> interfaces = List.of();
    List<Ip> ips = List.of();
    List<Route> routes = List.of();
    Dns dns = Dns.NONE;
    CniVersion version = null;
    JsonWriter copy = JsonWriter.compact().beginObject().member("cniVersion", spoken.toString());
    in.beginObject();
    for (String name = in.nextEntry(); name != null; name = in.nextEntry()) {
      if (name.equals("cniVersion") && !in.isNull()) {
        version = version(in);
        continue;
      }
      if (name.equals("msg")) {
        // From one that exits with 0 all the same, or whose status nobody knows.
        throw in.error("an error in the place of a result: " + Names.words(in.string()));
      }
      byte[] json = in.raw();
      if (!name.equals("cniVersion")) {
        copy.name(name).rawValue(json);
      }
    }
    in.end();
    byte[] untouched = copy.endObject().toByteArray();
    // Once more, for what is understood of it.
    in = new JsonInput(utf8, fileName);
    in.beginObject();
    for (String name = in.nextField(); name != null; name = in.nextField()) {
      switch (name) {
        case "interfaces" -> interfaces = interfaces(in);
        case "ips" -> ips = ips(in);
        case "routes" -> routes = routes(in);
        case "dns" -> dns = dns(in);
        default -> in.skipUnknown();
      }
    }
    for (Ip ip : ips) {
      if (ip.index() >= interfaces.size()) {
        throw in.error(
            "an address of interface " + ip.index() + ", of " + interfaces.size() + " interfaces");
      }
    }
    CniResult result = new CniResult(interfaces, ips, routes, dns);
    boolean same = version == null || version == spoken;
    return new Written(result, same ? untouched : result.toBytes(spoken));
  }

  private static CniVersion version(JsonInput in) {
    String text = in.string();
    CniVersion version = CniVersion.of(text);
    if (version == null) {
      throw in.error(
          "a result of CNI version " + Names.quoted(text) + ", none of " + CniVersion.all());
    }
    return version;
  }

  private static List<Interface> interfaces(JsonInput in) {
    List<Interface> list = new ArrayList<>();
    in.beginArray("interfaces");
    while (in.nextElement()) {
      String name = null;
      String mac = null;
      long mtu = 0;
      String sandbox = "";
      String socketPath = null;
      String pciId = null;
      in.beginObject();
      for (String field = in.nextField(); field != null; field = in.nextField()) {
        switch (field) {
          case "name" -> name = in.string();
          case "mac" -> mac = textOrNull(in);
          case "mtu" -> mtu = natural(in);
          case "sandbox" -> sandbox = in.string();
          case "socketPath" -> socketPath = textOrNull(in);
          case "pciID" -> pciId = textOrNull(in);
          default -> in.skipUnknown();
        }
      }
      if (name == null) {
        throw in.missing("name");
      }
      list.add(new Interface(name, mac, mtu, sandbox, socketPath, pciId));
    }
    return list;
  }

  private static List<Ip> ips(JsonInput in) {
    List<Ip> list = new ArrayList<>();
    in.beginArray("addresses");
    while (in.nextElement()) {
      Network address = null;
      IpAddress gateway = null;
      int index = -1;
      in.beginObject();
      for (String field = in.nextField(); field != null; field = in.nextField()) {
        switch (field) {
          case "address" -> address = network(in);
          case "gateway" -> gateway = addressOrNull(in);
          case "interface" -> index = (int) Math.min(natural(in), Integer.MAX_VALUE);
          default -> in.skipUnknown();
        }
      }
      if (address == null) {
        throw in.missing("address");
      }
      list.add(new Ip(address.address(), address.prefix(), gateway, index));
    }
    return list;
  }

  private static List<Route> routes(JsonInput in) {
    List<Route> list = new ArrayList<>();
    in.beginArray("routes");
    while (in.nextElement()) {
      Network destination = null;
      IpAddress gateway = null;
      long mtu = -1;
      long advmss = -1;
      long priority = -1;
      long table = -1;
      long scope = -1;
      in.beginObject();
      for (String field = in.nextField(); field != null; field = in.nextField()) {
        switch (field) {
          case "dst" -> destination = network(in);
          case "gw" -> gateway = addressOrNull(in);
          case "mtu" -> mtu = natural(in);
          case "advmss" -> advmss = natural(in);
          case "priority" -> priority = natural(in);
          case "table" -> table = natural(in);
          case "scope" -> scope = natural(in);
          default -> in.skipUnknown();
        }
      }
      if (destination == null) {
        throw in.missing("dst");
      }
      list.add(
          new Route(
              destination.address(),
              destination.prefix(),
              gateway,
              mtu,
              advmss,
              priority,
              table,
              scope));
    }
    return list;
  }

  private static Dns dns(JsonInput in) {
    List<String> nameservers = List.of();
    String domain = null;
    List<String> search = List.of();
    List<String> options = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "nameservers" -> nameservers = in.strings();
        case "domain" -> domain = textOrNull(in);
        case "search" -> search = in.strings();
        case "options" -> options = in.strings();
        default -> in.skipUnknown();
      }
    }
    return new Dns(nameservers, domain, search, options);
  }

  /** Plugins in Go may write an empty text for nothing. */
  private static @Nullable String textOrNull(JsonInput in) {
    String text = in.string();
    return text.isEmpty() ? null : text;
  }

  private static long natural(JsonInput in) {
    long value = in.int64();
    if (value < 0) {
      throw in.error("expected a number that is not negative, found " + value);
    }
    return value;
  }

  private static @Nullable IpAddress addressOrNull(JsonInput in) {
    String text = in.string();
    if (text.isEmpty()) {
      return null;
    }
    try {
      return IpAddress.parse(text);
    } catch (IllegalArgumentException e) {
      throw notAnAddress(in, e);
    }
  }

  /** An address and the length of its network's prefix. */
  private record Network(IpAddress address, int prefix) {}

  private static Network network(JsonInput in) {
    String text = in.string();
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw in.error("expected an address and a prefix length, found " + Names.quoted(text));
    }
    try {
      IpAddress address = IpAddress.parse(text.substring(0, slash));
      int prefix = prefix(text, slash + 1);
      if (prefix < 0 || prefix > address.bits()) {
        throw in.error(
            "expected a prefix length from 0 to "
                + address.bits()
                + ", found "
                + Names.quoted(text));
      }
      return new Network(address, prefix);
    } catch (IllegalArgumentException e) {
      throw notAnAddress(in, e);
    }
  }

  private static SpecException notAnAddress(JsonInput in, IllegalArgumentException cause) {
    return in.error(String.valueOf(cause.getMessage()));
  }

  /** Reads a number of one to three digits, −1 if it is none. */
  private static int prefix(String text, int from) {
    int length = text.length() - from;
    if (length < 1 || length > 3) {
      return -1;
    }
    int value = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }

  // --- writing

  /**
   * Writes the result as plugins of a version write it.
   *
   * @param version the version
   * @return JSON
   */
  public byte[] toBytes(CniVersion version) {
    JsonWriter out = JsonWriter.compact().beginObject();
    out.member("cniVersion", version.toString());
    if (!interfaces.isEmpty()) {
      out.name("interfaces").beginArray();
      for (Interface one : interfaces) {
        write(out, one, version);
      }
      out.endArray();
    }
    out.name("ips").beginArray();
    for (Ip ip : ips) {
      out.beginObject();
      if (version.tellsIpVersions()) {
        out.member("version", ip.address().isIpv6() ? "6" : "4");
      }
      if (ip.index() >= 0) {
        out.member("interface", ip.index());
      }
      out.member("address", ip.address() + "/" + ip.prefix());
      optional(out, "gateway", ip.gateway());
      out.endObject();
    }
    out.endArray();
    out.name("routes").beginArray();
    for (Route route : routes) {
      write(out, route, version);
    }
    out.endArray();
    out.name("dns").beginObject();
    optional(out, "nameservers", dns.nameservers());
    optional(out, "domain", dns.domain());
    optional(out, "search", dns.search());
    optional(out, "options", dns.options());
    return out.endObject().endObject().toByteArray();
  }

  private static void write(JsonWriter out, Interface one, CniVersion version) {
    out.beginObject().member("name", one.name());
    optional(out, "mac", one.mac());
    if (version.hasGc() && one.mtu() > 0) {
      out.member("mtu", one.mtu());
    }
    optional(out, "sandbox", one.sandbox().isEmpty() ? null : one.sandbox());
    if (version.hasGc()) {
      optional(out, "socketPath", one.socketPath());
      optional(out, "pciID", one.pciId());
    }
    out.endObject();
  }

  private static void write(JsonWriter out, Route route, CniVersion version) {
    out.beginObject().member("dst", route.destination() + "/" + route.prefix());
    optional(out, "gw", route.gateway());
    if (version.hasGc()) {
      optional(out, "mtu", route.mtu());
      optional(out, "advmss", route.advmss());
      optional(out, "priority", route.priority());
      optional(out, "table", route.table());
      optional(out, "scope", route.scope());
    }
    out.endObject();
  }

  private static void optional(JsonWriter out, String name, @Nullable Object value) {
    if (value != null) {
      out.member(name, value.toString());
    }
  }

  private static void optional(JsonWriter out, String name, long value) {
    if (value >= 0) {
      out.member(name, value);
    }
  }

  private static void optional(JsonWriter out, String name, List<String> values) {
    if (!values.isEmpty()) {
      out.name(name).beginArray();
      for (String value : values) {
        out.value(value);
      }
      out.endArray();
    }
  }
}
