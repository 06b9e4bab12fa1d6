package dev.gatun.netns.netlink;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.TestNamespace;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whoever has the privilege in a namespace can send messages to its sockets. */
@Tag("root")
class ForeignMessageTest {
  private static final int FORGED = 99;

  @Test
  void onlyTheKernelIsHeard() throws IOException {
    LocalKernel kernel = new LocalKernel();
    try (TestNamespace namespace = TestNamespace.create()) {
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      Conversation conversation = new Conversation(b, Conversation.SMALL);
      Slot socket = conversation.socket(namespace.namespace(), Constants.NETLINK_ROUTE);
      Slot other = conversation.socket(namespace.namespace(), Constants.NETLINK_ROUTE);
      Data address =
          b.variable("sockaddr_nl", Structs.SIZEOF_SOCKADDR_NL)
              .u16(Structs.SOCKADDR_NL_NL_FAMILY, Constants.AF_NETLINK);
      Data size = b.variable("size", 4).u32(0, Structs.SIZEOF_SOCKADDR_NL);
      b.sys(Syscall.BIND, socket, address.address(), imm(address.size()));
      b.sys(Syscall.GETSOCKNAME, socket, address.address(), size.address());
      Requests forged = new Requests();
      forged.begin("forge", "FORGED", FORGED, 0);
      byte[] bytes = forged.bytes();
      Data message = b.constant("forged", bytes.length).put(0, bytes);
      b.sys(
          Syscall.SENDTO,
          other,
          message.address(),
          imm(bytes.length),
          imm(0),
          address.address(),
          imm(address.size()));
      Requests r = new Requests();
      r.begin("list links", "RTM_GETLINK", Rtnetlink.RTM_GETLINK, Netlink.NLM_F_REQUEST);
      r.dump().u32(0).u32(0).u32(0).u32(0);
      conversation.exchange(socket, r);
      List<Message> messages = conversation.run(kernel).orThrow().messages();
      assertEquals(
          List.of(), messages.stream().filter(m -> m.type() != Rtnetlink.RTM_NEWLINK).toList());
      assertEquals(true, messages.size() >= 1);
    }
  }
}
