package dev.gatun.netns;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Replies;
import dev.gatun.netns.netlink.Requests;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod on the host's bridge: a pair of virtual Ethernet interfaces, one end a port of the bridge
 * and the other one the pod's {@code eth0}, with its addresses and its default routes.
 *
 * <p>The bridge is made when the first pod needs it and stays; it has the gateway's address of
 * every range that was used. Its host forwards packets.
 */
public final class BridgeNetwork {
  /** The name of the interface in the pod. */
  public static final String NAME = "eth0";

  private static final String HOST_PREFIX = "gt";
  private static final int HOST_DIGITS = 12;

  private static final String FORWARD_IPV4 = "/proc/sys/net/ipv4/ip_forward";
  private static final String FORWARD_IPV6 = "/proc/sys/net/ipv6/conf/all/forwarding";

  private BridgeNetwork() {}

  /**
   * What a pod has on the bridge.
   *
   * @param name the interface in the pod
   * @param host its other end, on the host
   * @param mac the interface's link-layer address, as {@code 02:67:0a:cf:00:02}
   * @param mtu the largest packet that it sends, in bytes
   * @param addresses its addresses with their prefixes, as {@code 10.207.0.2/16}
   * @param gateways its default routes' gateways, one for each address
   */
  public record Attachment(
      String name,
      String host,
      String mac,
      int mtu,
      List<String> addresses,
      List<IpAddress> gateways) {}

  /**
   * The name of a pod's interface on the host. It follows from the pod alone, so that it is found
   * whatever has become of the pod.
   *
   * @param stateRoot the directory of the states
   * @param podId the pod's id
   * @return the name, of 14 characters
   */
  public static String hostLink(String stateRoot, String podId) {
    // FNV-1a of both with a NUL in between, and its bits mixed once more for those that are left.
    long hash = 0xcbf29ce484222325L;
    for (byte b : (stateRoot + '\0' + podId).getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
    hash ^= hash >>> 33;
    StringBuilder name = new StringBuilder(HOST_PREFIX);
    for (int i = 0; i < HOST_DIGITS; i++) {
      name.append(Character.forDigit((int) (hash >>> (Long.SIZE - 4 * (i + 1))) & 0xf, 16));
    }
    return name.toString();
  }

  /**
   * Makes the bridge ready for a pod: it is there and up, has the gateways' addresses, and its host
   * forwards packets. Nothing of this is taken back with the pod.
   *
   * @param kernel runs the program
   * @param host where the bridge is
   * @param config names the bridge
   * @param leases the pod's addresses, at least one and at most one of a range
   * @throws NetlinkException if the kernel refuses something
   * @throws dev.gatun.linux.SyscallException if a namespace or a sysctl refuses
   */
  public static void prepare(
      Kernel kernel, NetworkNamespace host, NetworkConfig config, List<AddressPool.Lease> leases) {
    Bridge bridge = new Bridge(config.bridge(), leases);
    Replies replies = bridge.run(kernel, host);
    bridge.explain(replies);
    replies.orThrow();
  }

  /**
   * Takes a pod off the bridge: both ends are gone afterwards. It is fine if they were before.
   *
   * @param kernel runs the program
   * @param host where the bridge is
   * @param hostLink from {@link #hostLink}
   */
  public static void detach(Kernel kernel, NetworkNamespace host, String hostLink) {
    Requests r = new Requests();
    deleteLink(r, hostLink);
    Conversation.talk(kernel, host, Constants.NETLINK_ROUTE, r);
  }

  static void deleteLink(Requests r, String hostLink) {
    RouteMessages.deleteLink(r, RouteMessages.checkName(hostLink));
    r.acknowledge().tolerate(Errno.ENODEV);
  }

  private static Label gone(ProgramBuilder b) {
    Label gone = b.label("no such link");
    b.outOfLine(() -> {
      b.bind(gone);
      b.fail(Errno.ENODEV);
    });
    return gone;
  }

  private static NetlinkException missingModule(
      String module, String name, NetlinkException error) {
    return new NetlinkException(
        "create link \""
            + name
            + "\": the kernel has no links of kind "
            + module
            + ": module "
            + module
            + " is not there, or cannot be loaded",
        Errno.EOPNOTSUPP,
        error);
  }

  private static void disabled(@Nullable NetlinkException error, AddressPool.Lease lease) {
    if (error != null && lease.range().isIpv6() && error.errno() == Errno.EACCES) {
      throw new NetlinkException(
          error.operation() + ": IPv6 is turned off there (sysctl disable_ipv6)",
          Errno.EACCES,
          error);
    }
  }

  /** The bridge, in one program. */
  private static final class Bridge {
    private final String name;
    private final List<AddressPool.Lease> leases;

    private final Requests making = new Requests();
    private final Requests bringingUp = new Requests(2);
    private final Requests addressing = new Requests(1000);

    Bridge(String name, List<AddressPool.Lease> leases) {
      this.name = name;
      this.leases = leases;
      if (leases.isEmpty()) {
        throw new IllegalArgumentException("no address on \"" + name + "\"");
      }
    }

    Replies run(Kernel kernel, NetworkNamespace host) {
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      Conversation conversation = new Conversation(b, Conversation.SMALL);
      Slot[] sockets = new Slot[1];
      Slot bridge = b.slot("index of the bridge");
      // Files below /proc/sys/net are those of the namespace of who opens them.
      conversation.inside(
          host,
          () -> {
            sockets[0] = conversation.socket(Constants.NETLINK_ROUTE);
            find(conversation, sockets[0], bridge);
            sysctls(conversation);
          });
      RouteMessages.upBridge(bringingUp, name, bridge);
      bringingUp.acknowledge();
      conversation.must(sockets[0], bringingUp);
      for (AddressPool.Lease lease : leases) {
        Subnet range = lease.range();
        RouteMessages.newAddress(addressing, name, bridge, range.gateway(), range.prefix());
        addressing.tolerate(Errno.EEXIST);
      }
      addressing.acknowledge();
      conversation.exchange(sockets[0], addressing);
      return conversation.run(kernel);
    }

    private void find(Conversation conversation, Slot socket, Slot bridge) {
      ProgramBuilder b = conversation.program();
      Label missing = b.label("no bridge");
      Label there = b.label("bridge");
      b.step("find bridge \"" + name + "\"", "");
      conversation.index(socket, name, bridge, missing);
      b.jump(there);
      b.bind(missing);
      // Another pod's create may be faster.
      RouteMessages.newBridge(
          making, name, LinkLayerAddress.of(leases.getFirst().range().gateway()), false);
      making.acknowledge().tolerate(Errno.EEXIST);
      conversation.must(socket, making);
      b.step("find bridge \"" + name + "\"", "");
      conversation.index(socket, name, bridge, gone(b));
      b.bind(there);
    }

    private void sysctls(Conversation conversation) {
      ProgramBuilder b = conversation.program();
      // A pod must not configure its host by router advertisements, so this is before it is up.
      b.step("turn off router advertisements on \"" + name + "\"", "");
      sysctl(conversation, "/proc/sys/net/ipv6/conf/" + name + "/accept_ra", '1', "0");
      b.step("turn on forwarding of packets", "");
      boolean[] done = new boolean[2];
      for (AddressPool.Lease lease : leases) {
        int family = lease.range().isIpv6() ? 1 : 0;
        if (!done[family]) {
          sysctl(conversation, family == 1 ? FORWARD_IPV6 : FORWARD_IPV4, '0', "1");
        }
        done[family] = true;
      }
    }

    /**
     * Changes a setting of the kernel if it has one value: it may be read-only, and right. What has
     * no such setting is no part of this kernel.
     */
    private static void sysctl(Conversation conversation, String path, int from, String to) {
      ProgramBuilder b = conversation.program();
      Slot file = conversation.descriptors().fd("sysctl", path);
      Slot value = b.slot("value");
      Data text = b.buffer("sysctl value", 8);
      Label done = b.label("setting is right");
      int flags = Constants.O_CLOEXEC;
      b.sys(
              Syscall.OPENAT,
              imm(Constants.AT_FDCWD),
              b.string(path),
              imm(Constants.O_RDONLY | flags))
          .into(file)
          .tolerate(Errno.ENOENT, done);
      b.sys(Syscall.READ, file, text.address(), imm(text.size()));
      conversation.descriptors().close(file);
      b.load(1, value, text.address(), imm(0));
      b.branch(Condition.NE, value, imm(from), done);
      b.sys(
              Syscall.OPENAT,
              imm(Constants.AT_FDCWD),
              b.string(path),
              imm(Constants.O_WRONLY | flags))
          .into(file);
      b.sys(Syscall.WRITE, file, b.string(to), imm(to.length()));
      conversation.descriptors().close(file);
      b.bind(done);
    }

    /** Says in a sentence what some errors come from. */
    void explain(Replies replies) {
      NetlinkException error = replies.failure(making, 0);
      if (error != null && error.errno() == Errno.EOPNOTSUPP) {
        throw missingModule("bridge", name, error);
      }
      error = replies.failure(bringingUp, 0);
      if (error != null && error.errno() == Errno.EOPNOTSUPP) {
        throw new NetlinkException(
            "create bridge \"" + name + "\": \"" + name + "\" exists and is no bridge",
            Errno.EEXIST,
            error);
      }
      for (int i = 0; i < leases.size(); i++) {
        disabled(replies.failure(addressing, i), leases.get(i));
      }
    }
  }

  /**
   * What puts a pod on the bridge, which {@link #prepare} has made ready, in one program. Nothing
   * happens before {@link #run}: all that it takes can be had while the pod's namespace is still
   * being made.
   */
  public static final class Attach {
    private final Kernel kernel;
    private final NetworkNamespace host;
    private final NetworkNamespace pod;
    private final NetworkConfig config;
    private final String hostLink;
    private final List<AddressPool.Lease> leases;
    private final boolean hairpin;
    private final String mac;

    private final Requests pairing = new Requests(3);
    private final Requests returning = new Requests(4);
    private final Requests pods = new Requests(2000);
    private final Conversation conversation;

    /**
     * Compiles it.
     *
     * @param kernel runs the program
     * @param host where the bridge is
     * @param config names the bridge and the MTU
     * @param pod the pod's namespace, given by its pause process
     * @param hostLink from {@link BridgeNetwork#hostLink}
     * @param leases the pod's addresses, at least one and at most one of a range
     * @param hairpin whether what comes in by the pod's port may go out by it: a host port of its
     *     own may lead a pod to itself
     */
    public Attach(
        Kernel kernel,
        NetworkNamespace host,
        NetworkConfig config,
        NetworkNamespace pod,
        String hostLink,
        List<AddressPool.Lease> leases,
        boolean hairpin) {
      if (leases.isEmpty()) {
        throw new IllegalArgumentException("no address for \"" + hostLink + "\"");
      }
      this.kernel = kernel;
      this.host = host;
      this.config = config;
      this.pod = pod;
      this.hostLink = RouteMessages.checkName(hostLink);
      this.leases = leases;
      this.hairpin = hairpin;
      mac = LinkLayerAddress.text(LinkLayerAddress.of(leases.getFirst().address()));
      conversation = conversation();
    }

    /**
     * Does it. All of the pod's is taken back if some of it fails.
     *
     * @throws NetlinkException if the kernel refuses something
     * @throws dev.gatun.linux.SyscallException if a namespace refuses
     */
    public void run() {
      Replies replies = conversation.run(kernel);
      try {
        explain(replies);
        replies.orThrow();
      } catch (RuntimeException e) {
        // What has the name without being made by this is not ours to delete.
        if (isMade(replies)) {
          try {
            detach(kernel, host, hostLink);
          } catch (RuntimeException suppressed) {
            e.addSuppressed(suppressed);
          }
        }
        throw e;
      }
    }

    private Conversation conversation() {
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      Conversation conversation = new Conversation(b, Conversation.SMALL);
      Slot hostSocket = conversation.socket(host, Constants.NETLINK_ROUTE);
      Slot podSocket = conversation.socket(pod, Constants.NETLINK_ROUTE);
      Slot bridge = b.slot("index of the bridge");
      b.step("find bridge \"" + config.bridge() + "\"", "");
      conversation.index(hostSocket, config.bridge(), bridge, gone(b));
      RouteMessages.newVeth(
          pairing,
          new RouteMessages.End(hostLink, config.mtu(), null, true),
          bridge,
          new RouteMessages.End(NAME, config.mtu(), mac, false),
          pod.pid());
      pairing.acknowledge();
      conversation.must(hostSocket, pairing);
      if (hairpin) {
        RouteMessages.hairpin(returning, hostLink);
        returning.acknowledge();
        conversation.exchange(hostSocket, returning);
      }

      Slot index = b.slot("index in the pod");
      b.step("find link \"" + NAME + "\" in the pod", "");
      conversation.index(podSocket, NAME, index, gone(b));
      RouteMessages.upLink(pods, "lo");
      // Only now: an end that has no other one yet cannot be up.
      RouteMessages.upLink(pods, NAME);
      for (AddressPool.Lease lease : leases) {
        Subnet range = lease.range();
        RouteMessages.newAddress(pods, NAME, index, lease.address(), range.prefix());
        RouteMessages.newRoute(
            pods,
            new RouteMessages.Target(range.isIpv6(), null),
            range.gateway(),
            NAME,
            index,
            false);
      }
      pods.acknowledge();
      conversation.exchange(podSocket, pods);
      return conversation;
    }

    /** Says in a sentence what some errors come from. */
    private void explain(Replies replies) {
      NetlinkException error = replies.failure(pairing, 0);
      if (error != null && error.errno() == Errno.EOPNOTSUPP) {
        throw missingModule("veth", hostLink, error);
      }
      for (int i = 0; i < leases.size(); i++) {
        // Behind those that bring up the links, each with its route.
        disabled(replies.failure(pods, 2 + 2 * i), leases.get(i));
      }
    }

    private boolean isMade(Replies replies) {
      return replies.isSaid(pairing) && replies.failure(pairing, 0) == null;
    }

    /** What the pod has once it has been run. */
    public Attachment attachment() {
      List<String> addresses = new ArrayList<>(leases.size());
      List<IpAddress> gateways = new ArrayList<>(leases.size());
      for (AddressPool.Lease lease : leases) {
        addresses.add(lease.address() + "/" + lease.range().prefix());
        gateways.add(lease.range().gateway());
      }
      return new Attachment(
          NAME, hostLink, mac, config.mtu(), List.copyOf(addresses), List.copyOf(gateways));
    }
  }
}
