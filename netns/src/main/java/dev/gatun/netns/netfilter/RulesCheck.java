package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.NfTables.NFPROTO_INET;
import static dev.gatun.netns.netfilter.NfTables.NFTA_EXPR_DATA;
import static dev.gatun.netns.netfilter.NfTables.NFTA_EXPR_NAME;
import static dev.gatun.netns.netfilter.NfTables.NFTA_LOOKUP_SET;
import static dev.gatun.netns.netfilter.NfTables.NFTA_RULE_CHAIN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_RULE_EXPRESSIONS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_RULE_TABLE;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_GETRULE;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_NEWRULE;
import static dev.gatun.netns.netfilter.NfTables.SIZEOF_NFGENMSG;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.AddressPool;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.netlink.Attributes;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Message;
import dev.gatun.netns.netlink.Netlink;
import dev.gatun.netns.netlink.Requests;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compares what the host's packet filter has for a pod with what {@link PodRules#add} gave it.
 *
 * <p>A rule is known by the names of its expressions and of the sets that it looks into: the kernel
 * shows more of it than it was told, and who changes one by hand deletes and adds it.
 */
public final class RulesCheck {
  private static final String IN_TABLE = " of table inet " + Transaction.TABLE;

  private final Snapshot seen;
  private final List<String> differences = new ArrayList<>();

  private RulesCheck(Snapshot seen) {
    this.seen = seen;
  }

  /**
   * Compares.
   *
   * @param kernel the kernel
   * @param host the host's network namespace
   * @param owner the pod, from {@link dev.gatun.netns.Nftables#owner}
   * @param leases its addresses
   * @param masquerade whether it reaches the world under the host's addresses
   * @param ports ports of the host that lead to it
   * @param bridge its bridge; null if it is on none
   * @return what is not as it was made, each as a part of a sentence
   * @throws dev.gatun.netns.NetlinkException when the kernel refuses to show it
   */
  public static List<String> differences(
      Kernel kernel,
      NetworkNamespace host,
      String owner,
      List<AddressPool.Lease> leases,
      boolean masquerade,
      List<PortMapping> ports,
      @Nullable String bridge) {
    if (!masquerade && ports.isEmpty()) {
      return List.of();
    }
    Snapshot seen = Snapshot.take(kernel, host);
    if (seen == null) {
      return List.of("table inet " + Transaction.TABLE + " is gone");
    }
    RulesCheck check = new RulesCheck(seen);
    for (AddressPool.Lease lease : leases) {
      Family family = Family.of(lease.address());
      check.element(Element.pod(lease.address(), owner), "address " + lease.address());
      if (masquerade) {
        check.range(NamedSet.outbound(family), lease.range());
      }
      if (!ports.isEmpty()) {
        check.range(NamedSet.ranges(family), lease.range());
      }
      for (PortMapping port : ports) {
        if (port.isFor(lease.address().isIpv6())) {
          check.port(port, lease.address(), owner);
        }
      }
    }
    if (!ports.isEmpty() && bridge != null) {
      check.element(Element.bridge(bridge), "bridge \"" + bridge + "\"");
    }
    Transaction wanted = new Transaction();
    if (masquerade) {
      GatunTable.addOutbound(wanted);
    }
    if (!ports.isEmpty()) {
      GatunTable.addPorts(wanted);
    }
    check.rules(wanted, kernel, host);
    return check.differences;
  }

  private void element(Element wanted, String what) {
    if (at(wanted, false) == null) {
      differences.add("set " + wanted.set().label + IN_TABLE + " has lost the " + what);
    }
  }

  /** The element that is the same, or that has the same key. */
  private @Nullable Element at(Element wanted, boolean onlyKey) {
    for (Element element : seen.elements()) {
      if (onlyKey ? element.isAt(wanted) : element.isSame(wanted)) {
        return element;
      }
    }
    return null;
  }

  private void range(NamedSet set, Subnet range) {
    for (Element first : seen.elements()) {
      if (first.set() == set && !first.isEnd() && first.covers(seen.endOf(first), range)) {
        return;
      }
    }
    differences.add("set " + set.label + IN_TABLE + " has lost the range " + range);
  }

  private void port(PortMapping mapping, IpAddress address, String owner) {
    Element wanted = Element.port(mapping, address, owner);
    if (at(wanted, false) != null) {
      return;
    }
    Element other = at(wanted, true);
    differences.add(
        "host port "
            + mapping.hostSide()
            + (other == null
                ? " does not lead to " + address + " any more"
                : " leads to " + other.podAddress() + " instead of " + address)
            + " (map "
            + wanted.set().label
            + IN_TABLE
            + ")");
  }

  private void rules(Transaction wanted, Kernel kernel, NetworkNamespace host) {
    List<String> there = new ArrayList<>();
    for (Message message : dump(kernel, host)) {
      if (message.type() == Transaction.type(NFT_MSG_NEWRULE)) {
        there.add(outline(message));
      }
    }
    int number = 0;
    for (Message message : Message.parse(wanted.requests().bytes())) {
      if (message.type() == Transaction.type(NFT_MSG_NEWRULE)) {
        String text = wanted.rules().get(number++);
        // Of two that are the same one may be gone.
        if (!there.remove(outline(message))) {
          String chain = message.attributes(SIZEOF_NFGENMSG).string(NFTA_RULE_CHAIN);
          differences.add("chain " + chain + IN_TABLE + " has lost the rule \"" + text + "\"");
        }
      }
    }
  }

  private static List<Message> dump(Kernel kernel, NetworkNamespace host) {
    Requests requests = new Requests();
    requests.begin(
        "read the rules" + IN_TABLE,
        "NFT_MSG_GETRULE",
        Transaction.type(NFT_MSG_GETRULE),
        Netlink.NLM_F_REQUEST);
    Transaction.header(requests, NFPROTO_INET, 0);
    requests.dump().tolerate(Errno.ENOENT).string(NFTA_RULE_TABLE, Transaction.TABLE);
    return Conversation.dump(kernel, host, Constants.NETLINK_NETFILTER, requests);
  }

  /** Table, chain and expressions of a rule, as the kernel shows it and as it is told of it. */
  private static String outline(Message message) {
    Attributes rule = message.attributes(SIZEOF_NFGENMSG);
    StringBuilder outline = new StringBuilder();
    outline.append(rule.string(NFTA_RULE_TABLE)).append(' ').append(rule.string(NFTA_RULE_CHAIN));
    if (!rule.has(NFTA_RULE_EXPRESSIONS)) {
      return outline.toString();
    }
    Attributes expressions = rule.nested(NFTA_RULE_EXPRESSIONS);
    for (int i = 0; i < expressions.count(); i++) {
      Attributes expression = expressions.nestedAt(i);
      String name = expression.string(NFTA_EXPR_NAME);
      outline.append(' ').append(name);
      if (name.equals("lookup")) {
        outline.append('@').append(expression.nested(NFTA_EXPR_DATA).string(NFTA_LOOKUP_SET));
      }
    }
    return outline.toString();
  }
}
