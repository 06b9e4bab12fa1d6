package dev.gatun.pods.lifecycle;

import dev.gatun.netns.IpAddress;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.cni.CniArguments;
import dev.gatun.netns.cni.CniAttachment;
import dev.gatun.netns.cni.CniException;
import dev.gatun.netns.cni.CniNetwork;
import dev.gatun.netns.cni.CniResult;
import dev.gatun.oci.SpecException;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.sandbox.Sandbox;
import dev.gatun.runtime.sandbox.SandboxCreate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network that CNI plugins make. What they have to be told when it ends is in the pod's directory
 * before they are first called.
 */
final class CniNetworking extends Networking {
  private static final String FILE = "cni.json";
  private static final String MODE = "cni:";
  private static final String INTERFACE = "eth0";
  private static final List<String> CONFIGURATIONS = List.of("/etc/cni/net.d");
  private static final List<String> PLUGINS = List.of("/opt/cni/bin", "/usr/lib/cni");

  private final HostPlugins plugins;
  private final @Nullable CniNetwork network;
  private final List<PortMapping> ports;
  private @Nullable CniAttachment attachment;
  private @Nullable String namespace;

  private CniNetworking(
      PodRoot root, String id, @Nullable CniNetwork network, List<PortMapping> ports) {
    super(root, id);
    this.network = network;
    this.ports = ports;
    plugins = new HostPlugins(root.kernel(), root.environment());
  }

  /** Finds the network's configuration. */
  static Networking prepare(PodRoot root, String id, String name, List<PortMapping> ports) {
    CniNetwork network = CniNetwork.find(root.kernel(), name, CONFIGURATIONS, PLUGINS);
    CniNetworking networking = new CniNetworking(root, id, network, ports);
    // One that is not ready says so before anything has been made for it.
    network.status(networking.plugins);
    return networking;
  }

  /**
   * The network of a pod that exists.
   *
   * @throws ContainerException when what the pod's directory says of it cannot be read
   */
  static CniNetworking of(PodRoot root, Sandbox sandbox) {
    CniNetworking networking = new CniNetworking(root, sandbox.id(), null, List.of());
    try {
      networking.attachment = written(sandbox);
    } catch (SpecException e) {
      throw new ContainerException("pod \"" + sandbox.id() + "\": " + e.getMessage(), e);
    }
    int pid = PodView.pid(sandbox);
    networking.namespace = pid == 0 ? null : "/proc/" + pid + "/ns/net";
    return networking;
  }

  private static @Nullable CniAttachment written(Sandbox sandbox) {
    byte[] bytes = sandbox.file(FILE);
    return bytes == null ? null : CniAttachment.parse(bytes, FILE);
  }

  private CniNetwork network() {
    if (network == null) {
      throw new IllegalStateException("a network that has been connected");
    }
    return network;
  }

  private String mode() {
    return MODE + network().name();
  }

  @Override
  Map<String, byte[]> begun() {
    return Map.of(NetworkState.FILE, NetworkState.begun(mode(), ports).toBytes());
  }

  @Override
  Map<String, byte[]> connect(SandboxCreate sandbox) {
    namespace = sandbox.networkNamespace();
    CniAttachment prepared =
        network().attach(plugins, id, sandbox.networkNamespace(), INTERFACE, arguments());
    sandbox.write(FILE, readable(prepared));
    attachment = prepared;
    CniResult result;
    try (CniLock _ = CniLock.shared(kernel, root)) {
      result = prepared.add(plugins);
    }
    sandbox.write(FILE, readable(prepared));
    Map<String, byte[]> files = new HashMap<>();
    files.put(NetworkState.FILE, state(mode(), result, ports).toBytes());
    List<IpAddress> addresses = new ArrayList<>();
    for (CniResult.Ip ip : result.podIps()) {
      addresses.add(ip.address());
    }
    files.put(SandboxCreate.HOSTS, hosts(sandbox, addresses));
    if (!result.dns().nameservers().isEmpty()) {
      files.put(SandboxCreate.RESOLV_CONF, resolvConf(result.dns()));
    }
    return files;
  }

  /**
   * What is written down of an attachment. Without it the network cannot be taken back, so it is
   * read first: results and configurations may be nested as deeply as can be read, and in this file
   * they are nested once more.
   */
  private byte[] readable(CniAttachment attached) {
    byte[] bytes = attached.toBytes();
    try {
      CniAttachment.parse(bytes, FILE);
    } catch (SpecException e) {
      throw new ContainerException(
          "add \""
              + id
              + "\" to CNI network \""
              + network().name()
              + "\": it could not be taken back: "
              + e.getMessage(),
          e);
    }
    return bytes;
  }

  private CniArguments arguments() {
    List<CniArguments.Port> list = new ArrayList<>();
    for (PortMapping port : ports) {
      IpAddress hostIp = port.hostIp();
      list.add(
          new CniArguments.Port(
              hostIp == null ? null : hostIp.toString(),
              port.hostPort(),
              port.podPort(),
              port.protocol()));
    }
    return CniArguments.NONE.withPorts(list);
  }

  /** What pods are shown as having. */
  static NetworkState state(String mode, CniResult result, List<PortMapping> ports) {
    List<NetworkState.Interface> interfaces = new ArrayList<>();
    int own = own(result);
    List<String> gateways = new ArrayList<>();
    for (int i = 0; i < result.interfaces().size(); i++) {
      CniResult.Interface one = result.interfaces().get(i);
      if (one.sandbox().isEmpty()) {
        continue;
      }
      List<String> addresses = new ArrayList<>();
      for (CniResult.Ip ip : result.podIps()) {
        if (ip.index() == i || (ip.index() < 0 && i == own)) {
          addresses.add(ip.address() + "/" + ip.prefix());
        }
      }
      String mac = one.mac();
      interfaces.add(
          new NetworkState.Interface(
              one.name(), "", mac == null ? "" : mac, (int) one.mtu(), addresses));
    }
    List<String> others = new ArrayList<>();
    for (CniResult.Ip ip : result.podIps()) {
      if (ip.index() < 0 && own < 0) {
        others.add(ip.address() + "/" + ip.prefix());
      }
      IpAddress gateway = ip.gateway();
      if (gateway != null) {
        gateways.add(gateway.toString());
      }
    }
    if (!others.isEmpty()) {
      interfaces.add(new NetworkState.Interface(INTERFACE, "", "", 0, others));
    }
    return new NetworkState(mode, true, interfaces, gateways, ports, false);
  }

  /** The place of the interface that the plugins were asked for, −1 when they do not name it. */
  private static int own(CniResult result) {
    for (int i = 0; i < result.interfaces().size(); i++) {
      CniResult.Interface one = result.interfaces().get(i);
      if (one.name().equals(INTERFACE) && !one.sandbox().isEmpty()) {
        return i;
      }
    }
    return -1;
  }

  private static byte[] resolvConf(CniResult.Dns dns) {
    StringBuilder out = new StringBuilder();
    for (String server : dns.nameservers()) {
      out.append("nameserver ").append(server).append('\n');
    }
    String domain = dns.domain();
    if (domain != null) {
      out.append("domain ").append(domain).append('\n');
    }
    line(out, "search", dns.search());
    line(out, "options", dns.options());
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void line(StringBuilder out, String word, List<String> values) {
    if (!values.isEmpty()) {
      out.append(word);
      for (String value : values) {
        out.append(' ').append(value);
      }
      out.append('\n');
    }
  }

  /** Plugins look into the namespace for what they made: without it they leave some behind. */
  @Override
  List<String> ending() {
    return disconnect(true);
  }

  @Override
  List<String> disconnect(boolean force) {
    CniAttachment attached = attachment;
    if (attached == null) {
      return List.of();
    }
    try (CniLock _ = CniLock.shared(kernel, root)) {
      if (force) {
        attached.abandon(plugins, namespace);
      } else {
        attached.delete(plugins, namespace);
      }
    } catch (CniException e) {
      if (!force) {
        throw e;
      }
      // One that cannot be found while the pod is made has not made anything.
      return all(e, network != null);
    }
    return List.of();
  }

  /** What each plugin that failed has said, but for those that are not there if that is wanted. */
  private static List<String> all(CniException e, boolean present) {
    List<Throwable> failures = new ArrayList<>();
    failures.add(e);
    failures.addAll(List.of(e.getSuppressed()));
    List<String> messages = new ArrayList<>();
    for (Throwable one : failures) {
      if (!(present && one instanceof CniException failure && failure.isAbsent())) {
        messages.add(String.valueOf(one.getMessage()));
      }
    }
    return messages;
  }

  /**
   * Lets plugins check a pod that runs.
   *
   * @return why they were not asked, as one sentence; null when they were
   * @throws CniException what one of them found
   */
  @Nullable String check() {
    CniAttachment attached = attachment;
    if (attached == null) {
      throw new ContainerException("pod \"" + id + "\" was never attached to its network");
    }
    return attached.check(plugins);
  }

  /**
   * Lets the plugins of a network give back what belongs to none of the state root's pods.
   *
   * @throws ContainerException what each plugin that failed has said
   */
  static void clean(PodRoot root, String name) {
    CniNetwork network = CniNetwork.find(root.kernel(), name, CONFIGURATIONS, PLUGINS);
    HostPlugins plugins = new HostPlugins(root.kernel(), root.environment());
    try (CniLock _ = CniLock.exclusive(root.kernel(), root.path())) {
      network.gc(plugins, attached(root, name));
    } catch (CniException e) {
      throw new ContainerException(String.join("; ", all(e, false)), e);
    }
  }

  /** What pods have in a network, those too that are stopped, half made or half deleted. */
  private static List<CniNetwork.Attached> attached(PodRoot root, String name) {
    List<CniNetwork.Attached> all = new ArrayList<>();
    for (Sandbox sandbox : Sandbox.list(root.kernel(), root.path())) {
      try {
        if (!PodView.written(sandbox).mode().equals(MODE + name)) {
          continue;
        }
        CniAttachment attachment = written(sandbox);
        if (attachment != null) {
          all.add(attachment.attached());
        }
      } catch (SpecException e) {
        // To take it for one without a network would cost it its address.
        throw new ContainerException(
            "clean up CNI network \""
                + name
                + "\": what pod \""
                + sandbox.id()
                + "\" has in it is not known: "
                + e.getMessage(),
            e);
      }
    }
    return all;
  }
}
