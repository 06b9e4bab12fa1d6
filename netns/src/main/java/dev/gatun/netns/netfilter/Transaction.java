package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.NfTables.NFNL_BATCH_GENID;
import static dev.gatun.netns.netfilter.NfTables.NFNL_MSG_BATCH_BEGIN;
import static dev.gatun.netns.netfilter.NfTables.NFNL_MSG_BATCH_END;
import static dev.gatun.netns.netfilter.NfTables.NFNL_SUBSYS_NFTABLES;
import static dev.gatun.netns.netfilter.NfTables.NFPROTO_INET;
import static dev.gatun.netns.netfilter.NfTables.NFPROTO_UNSPEC;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CHAIN_HOOK;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CHAIN_NAME;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CHAIN_POLICY;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CHAIN_TABLE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CHAIN_TYPE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_HOOK_HOOKNUM;
import static dev.gatun.netns.netfilter.NfTables.NFTA_HOOK_PRIORITY;
import static dev.gatun.netns.netfilter.NfTables.NFTA_RULE_CHAIN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_RULE_EXPRESSIONS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_RULE_TABLE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_DATA_LEN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_DATA_TYPE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_LIST_ELEMENTS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_LIST_SET;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_LIST_SET_ID;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_LIST_TABLE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_FLAGS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ID;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_KEY_LEN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_KEY_TYPE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_NAME;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_TABLE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_USERDATA;
import static dev.gatun.netns.netfilter.NfTables.NFTA_TABLE_FLAGS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_TABLE_NAME;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_DELRULE;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_DELSETELEM;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_DELTABLE;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_NEWCHAIN;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_NEWRULE;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_NEWSET;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_NEWSETELEM;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_NEWTABLE;
import static dev.gatun.netns.netfilter.NfTables.NF_ACCEPT;

import dev.gatun.linux.Constants;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Netlink;
import dev.gatun.netns.netlink.Replies;
import dev.gatun.netns.netlink.Requests;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes to Gatun's table that are made as a whole, or not at all. */
final class Transaction {
  /** Its family is {@code inet}: one table for IPv4 and IPv6. */
  static final String TABLE = "gatun";

  /** How the operation of adding a range begins. */
  static final String ADD_RANGE = "add range ";

  private static final int GENERATION_MATTERS_NOT = 0;

  private final Requests requests = new Requests();
  private final List<Element> added = new ArrayList<>();
  private final List<Integer> addedBy = new ArrayList<>();
  private final List<String> rules = new ArrayList<>();
  private int expressions;

  /** Begins one that is made whatever others do meanwhile. */
  Transaction() {
    this(GENERATION_MATTERS_NOT);
  }

  /**
   * Begins one that fails with ERESTART if anything was changed since.
   *
   * @param generation the generation of all tables, not 0
   */
  Transaction(int generation) {
    requests.begin(
        "change the packet filter",
        "NFNL_MSG_BATCH_BEGIN",
        NFNL_MSG_BATCH_BEGIN,
        Netlink.NLM_F_REQUEST);
    header(requests, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
    if (generation != GENERATION_MATTERS_NOT) {
      requests.be32(NFNL_BATCH_GENID, generation);
    }
  }

  /** Writes {@code struct nfgenmsg}. */
  static void header(Requests to, int family, int resource) {
    to.u8(family).u8(0).be16(resource);
  }

  /** The type of a message of nf_tables. */
  static int type(int message) {
    return NFNL_SUBSYS_NFTABLES << 8 | message;
  }

  private void begin(String operation, String name, int message, int flags) {
    requests.begin(operation, name, type(message), Netlink.NLM_F_REQUEST | flags);
    header(requests, NFPROTO_INET, 0);
  }

  /** The table; nothing is wrong if it is there. */
  void addTable() {
    begin("add table inet gatun", "NFT_MSG_NEWTABLE", NFT_MSG_NEWTABLE, 0);
    requests.string(NFTA_TABLE_NAME, TABLE).be32(NFTA_TABLE_FLAGS, 0);
  }

  /** The table with all that is in it. */
  void deleteTable() {
    begin("delete table inet gatun", "NFT_MSG_DELTABLE", NFT_MSG_DELTABLE, 0);
    requests.string(NFTA_TABLE_NAME, TABLE);
  }

  /**
   * A set or map; nothing is wrong if it is there.
   *
   * @param set which
   */
  void addSet(NamedSet set) {
    begin("add set " + set.label, "NFT_MSG_NEWSET", NFT_MSG_NEWSET, Netlink.NLM_F_CREATE);
    requests
        .string(NFTA_SET_TABLE, TABLE)
        .string(NFTA_SET_NAME, set.label)
        .be32(NFTA_SET_FLAGS, set.flags)
        .be32(NFTA_SET_KEY_TYPE, set.key.number)
        .be32(NFTA_SET_KEY_LEN, set.key.length);
    if (set.isMap()) {
      requests.be32(NFTA_SET_DATA_TYPE, set.data.number).be32(NFTA_SET_DATA_LEN, set.data.length);
    }
    requests.be32(NFTA_SET_ID, set.id());
    requests.attribute(NFTA_SET_USERDATA, set.userdata());
  }

  /**
   * A chain that others jump to, without rules if it was there.
   *
   * @param name its name
   */
  void addChain(String name) {
    beginChain(name);
    flush(name);
  }

  /**
   * A chain that packets come through, without rules if it was there.
   *
   * @param name its name
   * @param type {@code filter} or {@code nat}
   * @param hook {@code NF_INET_*}
   * @param priority {@code NF_IP_PRI_*}
   */
  void addChain(String name, String type, int hook, int priority) {
    beginChain(name);
    requests.string(NFTA_CHAIN_TYPE, type).be32(NFTA_CHAIN_POLICY, NF_ACCEPT);
    int nest = requests.nest(NFTA_CHAIN_HOOK);
    requests.be32(NFTA_HOOK_HOOKNUM, hook).be32(NFTA_HOOK_PRIORITY, priority).end(nest);
    flush(name);
  }

  private void beginChain(String name) {
    begin("add chain " + name, "NFT_MSG_NEWCHAIN", NFT_MSG_NEWCHAIN, Netlink.NLM_F_CREATE);
    requests.string(NFTA_CHAIN_TABLE, TABLE).string(NFTA_CHAIN_NAME, name);
  }

  private void flush(String chain) {
    begin("empty chain " + chain, "NFT_MSG_DELRULE", NFT_MSG_DELRULE, 0);
    requests.string(NFTA_RULE_TABLE, TABLE).string(NFTA_RULE_CHAIN, chain);
  }

  /**
   * Begins a rule at the end of a chain.
   *
   * @param chain the chain
   * @param text what it would be for {@code nft}, for messages
   * @return takes what it consists of
   */
  Expressions beginRule(String chain, String text) {
    rules.add(text);
    begin(
        "add rule \"" + text + "\" to chain " + chain,
        "NFT_MSG_NEWRULE",
        NFT_MSG_NEWRULE,
        Netlink.NLM_F_CREATE | Netlink.NLM_F_APPEND);
    requests.string(NFTA_RULE_TABLE, TABLE).string(NFTA_RULE_CHAIN, chain);
    expressions = requests.nest(NFTA_RULE_EXPRESSIONS);
    return new Expressions(requests);
  }

  /** Ends the rule that was begun. */
  void endRule() {
    requests.end(expressions);
  }

  /**
   * An element that nobody else may have.
   *
   * @param element the element
   * @param operation what errors say that was done
   */
  void addOwn(Element element, String operation) {
    added.add(element);
    addedBy.add(requests.count());
    beginElements(
        element.set(),
        operation,
        "NFT_MSG_NEWSETELEM",
        NFT_MSG_NEWSETELEM,
        Netlink.NLM_F_CREATE | Netlink.NLM_F_EXCL);
    endElements(false, element, null);
  }

  /**
   * An element that others may have added as well.
   *
   * @param element the element
   * @param operation what errors say that was done
   */
  void addShared(Element element, String operation) {
    beginElements(
        element.set(), operation, "NFT_MSG_NEWSETELEM", NFT_MSG_NEWSETELEM, Netlink.NLM_F_CREATE);
    endElements(false, element, null);
  }

  /**
   * A range.
   *
   * @param set where it belongs
   * @param range the range
   * @param exclusive whether one that begins or ends there is in the way, also the same
   */
  void addRange(NamedSet set, Subnet range, boolean exclusive) {
    beginElements(
        set,
        ADD_RANGE + range + " to set " + set.label,
        "NFT_MSG_NEWSETELEM",
        NFT_MSG_NEWSETELEM,
        Netlink.NLM_F_CREATE | (exclusive ? Netlink.NLM_F_EXCL : 0));
    endElements(false, Element.first(set, range), Element.end(set, range.broadcast()));
  }

  /**
   * Takes a range out of a set.
   *
   * @param first the element that it begins with
   * @param end the element behind it; null if there is none
   */
  void deleteRange(Element first, @Nullable Element end) {
    beginElements(
        first.set(),
        "delete range from " + first.address() + " of set " + first.set().label,
        "NFT_MSG_DELSETELEM",
        NFT_MSG_DELSETELEM,
        0);
    endElements(true, first, end);
  }

  /**
   * Takes an element out of its set.
   *
   * @param element the element
   */
  void delete(Element element) {
    beginElements(
        element.set(),
        "delete what pod \"" + element.comment() + "\" has in set " + element.set().label,
        "NFT_MSG_DELSETELEM",
        NFT_MSG_DELSETELEM,
        0);
    endElements(true, element, null);
  }

  private void beginElements(NamedSet set, String operation, String name, int message, int flags) {
    begin(operation, name, message, flags);
    requests
        .string(NFTA_SET_ELEM_LIST_TABLE, TABLE)
        .string(NFTA_SET_ELEM_LIST_SET, set.label)
        .be32(NFTA_SET_ELEM_LIST_SET_ID, set.id());
  }

  private void endElements(boolean onlyKeys, Element one, @Nullable Element two) {
    int nest = requests.nest(NFTA_SET_ELEM_LIST_ELEMENTS);
    one.write(requests, onlyKeys);
    if (two != null) {
      two.write(requests, onlyKeys);
    }
    requests.end(nest);
  }

  /** What went wrong with a transaction, none of which was carried out. */
  record Failure(NetlinkException error, @Nullable Element element) {}

  /**
   * Carries it out.
   *
   * @param kernel the kernel
   * @param host the namespace that the table is in
   * @param meanwhile what is said to rtnetlink there before the socket is closed, whatever becomes
   *     of this: closing it waits until what was deleted is freed, some ten milliseconds; null for
   *     nothing. Its sequence numbers begin with {@link PodRules#MEANWHILE}
   * @return the first error of the kernel, with the element of {@link #addOwn} that it is about;
   *     null when all of it was done
   * @throws NetlinkException when the kernel lacks what is needed, or nothing can be said to it
   */
  @Nullable Failure attempt(Kernel kernel, NetworkNamespace host, @Nullable Requests meanwhile) {
    requests.acknowledge();
    requests.begin(
        "change the packet filter",
        "NFNL_MSG_BATCH_END",
        NFNL_MSG_BATCH_END,
        Netlink.NLM_F_REQUEST);
    header(requests, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
    Replies replies = talk(kernel, host, meanwhile);
    for (int i = 0; i < requests.count(); i++) {
      NetlinkException failure = replies.failure(i);
      if (failure != null) {
        NetlinkException lack = Lack.of(failure, requests, replies.offset(requests, i));
        if (lack != null) {
          throw lack;
        }
        int own = addedBy.indexOf(i);
        return new Failure(failure, own < 0 ? null : added.get(own));
      }
    }
    try {
      replies.orThrow();
    } catch (SyscallException e) {
      throw Lack.of(e);
    }
    return null;
  }

  private Replies talk(Kernel kernel, NetworkNamespace host, @Nullable Requests meanwhile) {
    if (meanwhile == null) {
      return Conversation.attempt(kernel, host, Constants.NETLINK_NETFILTER, requests);
    }
    Conversation conversation =
        new Conversation(new ProgramBuilder(kernel.arch()), Conversation.room(requests));
    Slot filter = conversation.socket(host, Constants.NETLINK_NETFILTER);
    conversation.exchange(filter, requests);
    conversation.exchange(conversation.socket(host, Constants.NETLINK_ROUTE), meanwhile);
    return conversation.run(kernel);
  }

  /** What its rules so far would be for {@code nft}, in their order. */
  List<String> rules() {
    return rules;
  }

  /** Its messages so far. */
  Requests requests() {
    return requests;
  }
}
