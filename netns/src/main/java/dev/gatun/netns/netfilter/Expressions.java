package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.NfTables.IPS_DST_NAT;
import static dev.gatun.netns.netfilter.NfTables.NFTA_BITWISE_DREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_BITWISE_LEN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_BITWISE_MASK;
import static dev.gatun.netns.netfilter.NfTables.NFTA_BITWISE_SREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_BITWISE_XOR;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CMP_DATA;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CMP_OP;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CMP_SREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CT_DREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_CT_KEY;
import static dev.gatun.netns.netfilter.NfTables.NFTA_DATA_VALUE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_DATA_VERDICT;
import static dev.gatun.netns.netfilter.NfTables.NFTA_EXPR_DATA;
import static dev.gatun.netns.netfilter.NfTables.NFTA_EXPR_NAME;
import static dev.gatun.netns.netfilter.NfTables.NFTA_FIB_DREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_FIB_FLAGS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_FIB_F_DADDR;
import static dev.gatun.netns.netfilter.NfTables.NFTA_FIB_RESULT;
import static dev.gatun.netns.netfilter.NfTables.NFTA_IMMEDIATE_DATA;
import static dev.gatun.netns.netfilter.NfTables.NFTA_IMMEDIATE_DREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_LIST_ELEM;
import static dev.gatun.netns.netfilter.NfTables.NFTA_LOOKUP_DREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_LOOKUP_FLAGS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_LOOKUP_SET;
import static dev.gatun.netns.netfilter.NfTables.NFTA_LOOKUP_SET_ID;
import static dev.gatun.netns.netfilter.NfTables.NFTA_LOOKUP_SREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_META_DREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_META_KEY;
import static dev.gatun.netns.netfilter.NfTables.NFTA_NAT_FAMILY;
import static dev.gatun.netns.netfilter.NfTables.NFTA_NAT_REG_ADDR_MIN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_NAT_REG_PROTO_MIN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_NAT_TYPE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_PAYLOAD_BASE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_PAYLOAD_DREG;
import static dev.gatun.netns.netfilter.NfTables.NFTA_PAYLOAD_LEN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_PAYLOAD_OFFSET;
import static dev.gatun.netns.netfilter.NfTables.NFTA_VERDICT_CHAIN;
import static dev.gatun.netns.netfilter.NfTables.NFTA_VERDICT_CODE;
import static dev.gatun.netns.netfilter.NfTables.NFT_CMP_EQ;
import static dev.gatun.netns.netfilter.NfTables.NFT_CMP_NEQ;
import static dev.gatun.netns.netfilter.NfTables.NFT_CT_STATUS;
import static dev.gatun.netns.netfilter.NfTables.NFT_FIB_RESULT_ADDRTYPE;
import static dev.gatun.netns.netfilter.NfTables.NFT_JUMP;
import static dev.gatun.netns.netfilter.NfTables.NFT_LOOKUP_F_INV;
import static dev.gatun.netns.netfilter.NfTables.NFT_META_NFPROTO;
import static dev.gatun.netns.netfilter.NfTables.NFT_NAT_DNAT;
import static dev.gatun.netns.netfilter.NfTables.NFT_PAYLOAD_NETWORK_HEADER;
import static dev.gatun.netns.netfilter.NfTables.NFT_REG_1;
import static dev.gatun.netns.netfilter.NfTables.NFT_REG_VERDICT;
import static dev.gatun.netns.netfilter.NfTables.RTN_LOCAL;

import dev.gatun.netns.netlink.Requests;

/**
 * Writes the expressions of a rule, in the order in which a packet meets them. Values go through
 * registers; an expression that does not match ends the rule.
 */
final class Expressions {
  private final Requests to;
  private int expression;
  private int data;

  /**
   * Begins.
   *
   * @param to takes them, inside NFTA_RULE_EXPRESSIONS
   */
  Expressions(Requests to) {
    this.to = to;
  }

  /** Loads a property of the packet, {@code NFT_META_*}. */
  Expressions meta(int key, int register) {
    begin("meta");
    to.be32(NFTA_META_KEY, key).be32(NFTA_META_DREG, register);
    return end();
  }

  /** Loads bytes of a header, {@code NFT_PAYLOAD_*_HEADER}. */
  Expressions payload(int base, int offset, int length, int register) {
    begin("payload");
    to.be32(NFTA_PAYLOAD_DREG, register)
        .be32(NFTA_PAYLOAD_BASE, base)
        .be32(NFTA_PAYLOAD_OFFSET, offset)
        .be32(NFTA_PAYLOAD_LEN, length);
    return end();
  }

  /** Loads the address that the packet comes from into the first register. */
  Expressions source(Family family) {
    return payload(NFT_PAYLOAD_NETWORK_HEADER, family.source, family.length, NFT_REG_1);
  }

  /** Loads the address that the packet goes to into the first register. */
  Expressions destination(Family family) {
    return payload(NFT_PAYLOAD_NETWORK_HEADER, family.destination, family.length, NFT_REG_1);
  }

  /** Goes on if the first register begins with these bytes. */
  Expressions equal(byte... bytes) {
    return compare(NFT_CMP_EQ, bytes);
  }

  private Expressions compare(int operation, byte... bytes) {
    begin("cmp");
    to.be32(NFTA_CMP_SREG, NFT_REG_1).be32(NFTA_CMP_OP, operation);
    value(NFTA_CMP_DATA, bytes);
    return end();
  }

  /** Goes on with packets of one family. */
  Expressions family(Family family) {
    return meta(NFT_META_NFPROTO, NFT_REG_1).equal((byte) family.protocol);
  }

  /**
   * Goes on if a set has what is in the registers from the first on. A map's value is put there.
   */
  Expressions in(NamedSet set) {
    return lookUp(set, 0);
  }

  /** Goes on if the first register is not in a set. */
  Expressions notIn(NamedSet set) {
    return lookUp(set, NFT_LOOKUP_F_INV);
  }

  private Expressions lookUp(NamedSet set, int flags) {
    begin("lookup");
    to.be32(NFTA_LOOKUP_SREG, NFT_REG_1);
    if (set.isMap()) {
      to.be32(NFTA_LOOKUP_DREG, NFT_REG_1);
    }
    to.string(NFTA_LOOKUP_SET, set.label).be32(NFTA_LOOKUP_SET_ID, set.id());
    if (flags != 0) {
      to.be32(NFTA_LOOKUP_FLAGS, flags);
    }
    return end();
  }

  /** Goes on with packets to an address of the host. */
  Expressions toLocal() {
    begin("fib");
    to.be32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR)
        .be32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE)
        .be32(NFTA_FIB_DREG, NFT_REG_1);
    return end().equal(hostOrder(RTN_LOCAL));
  }

  /** Goes on with connections whose destination was changed. */
  Expressions translated() {
    begin("ct");
    to.be32(NFTA_CT_KEY, NFT_CT_STATUS).be32(NFTA_CT_DREG, NFT_REG_1);
    end();
    begin("bitwise");
    to.be32(NFTA_BITWISE_SREG, NFT_REG_1)
        .be32(NFTA_BITWISE_DREG, NFT_REG_1)
        .be32(NFTA_BITWISE_LEN, Integer.BYTES);
    value(NFTA_BITWISE_MASK, hostOrder(IPS_DST_NAT));
    value(NFTA_BITWISE_XOR, hostOrder(0));
    return end().compare(NFT_CMP_NEQ, hostOrder(0));
  }

  /** Changes the destination to the address in the first register and the port in another. */
  void destinationNat(Family family, int portRegister) {
    begin("nat");
    to.be32(NFTA_NAT_TYPE, NFT_NAT_DNAT)
        .be32(NFTA_NAT_FAMILY, family.protocol)
        .be32(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1)
        .be32(NFTA_NAT_REG_PROTO_MIN, portRegister);
    end();
  }

  /** Changes the source to the address of the interface that the packet leaves by. */
  void masquerade() {
    begin("masq");
    end();
  }

  /** Ends the way of the packet through this chain: {@code NF_DROP}, {@code NFT_RETURN}. */
  void verdict(int code) {
    verdict(code, "");
  }

  /** Goes on in another chain. */
  void jump(String chain) {
    verdict(NFT_JUMP, chain);
  }

  private void verdict(int code, String chain) {
    begin("immediate");
    to.be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    int immediate = to.nest(NFTA_IMMEDIATE_DATA);
    int verdict = to.nest(NFTA_DATA_VERDICT);
    to.be32(NFTA_VERDICT_CODE, code);
    if (!chain.isEmpty()) {
      to.string(NFTA_VERDICT_CHAIN, chain);
    }
    to.end(verdict).end(immediate);
    end();
  }

  /** An expression without contents, for tests: such as the kernel does not have. */
  void unknown(String name) {
    begin(name);
    end();
  }

  private void begin(String name) {
    expression = to.nest(NFTA_LIST_ELEM);
    to.string(NFTA_EXPR_NAME, name);
    data = to.nest(NFTA_EXPR_DATA);
  }

  private Expressions end() {
    to.end(data).end(expression);
    return this;
  }

  private void value(int type, byte... bytes) {
    int nest = to.nest(type);
    to.attribute(NFTA_DATA_VALUE, bytes).end(nest);
  }

  /**
   * A number as registers hold it when it is no part of a packet. Both architectures are little
   * endian.
   */
  private static byte[] hostOrder(int value) {
    return new byte[] {
      (byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)
    };
  }
}
