package dev.gatun.netns.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Errno;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.ScriptedKernel;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What is made of answers, whatever the kernel says. */
class ConversationTest {
  private static final NetworkNamespace OWN = NetworkNamespace.own();
  private static final int TYPE = 77;

  private static Requests request() {
    Requests requests = new Requests();
    requests.begin("do a thing", "RTM_THING", TYPE, Netlink.NLM_F_REQUEST);
    return requests.acknowledge();
  }

  private static Requests dumpRequest() {
    Requests requests = new Requests();
    requests.begin("list things", "RTM_GETTHING", TYPE, Netlink.NLM_F_REQUEST);
    return requests.dump();
  }

  /** Answers are written with the encoder: the two forms are the same. */
  private static byte[] error(int sequence, int errno) {
    Requests answer = new Requests(sequence);
    answer.begin("", "", Netlink.NLMSG_ERROR, Netlink.NLM_F_CAPPED);
    answer.u32(-errno).u32(16).u32(0).u32(0).u32(0);
    return answer.bytes();
  }

  private static byte[] things(int count, int flags, boolean isDone) {
    byte[] one = new byte[0];
    for (int i = 0; i < count; i++) {
      Requests answer = new Requests(1);
      answer.begin("", "", TYPE, Netlink.NLM_F_MULTI | flags);
      one = join(one, answer.u32(i).bytes());
    }
    Requests done = new Requests(1);
    done.begin("", "", Netlink.NLMSG_DONE, Netlink.NLM_F_MULTI);
    return isDone ? join(one, done.u32(0).bytes()) : one;
  }

  private static byte[] join(byte[]... parts) {
    java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static String message(Executable call) {
    return String.valueOf(assertThrows(NetlinkException.class, call).getMessage());
  }

  @Test
  void anAcknowledgementIsNoError() {
    Replies replies =
        Conversation.talk(new ScriptedKernel().answer(error(1, 0)), OWN, 0, request());
    assertNull(replies.failure(0));
    assertTrue(replies.messages().isEmpty());
  }

  @Test
  void theFirstFailureIsThrownAndTheToleratedOnesAreNot() {
    Requests requests = new Requests();
    requests.begin("first", "RTM_A", TYPE, Netlink.NLM_F_REQUEST);
    requests.tolerate(Errno.EEXIST);
    requests.begin("second", "RTM_B", TYPE, Netlink.NLM_F_REQUEST);
    requests.begin("third", "RTM_C", TYPE, Netlink.NLM_F_REQUEST);
    requests.acknowledge();
    byte[] answers = join(error(1, Errno.EEXIST), error(2, Errno.EPERM), error(3, Errno.EBUSY));
    Replies replies = Conversation.attempt(new ScriptedKernel().answer(answers), OWN, 0, requests);
    assertEquals("second: RTM_B: EPERM (operation not permitted)", message(replies::orThrow));
    assertEquals(Errno.EEXIST, assertNotNull0(replies.failure(0)).errno());
    assertEquals("third", assertNotNull0(replies.failure(2)).operation());
    // Another error than the tolerated one.
    byte[] other = join(error(1, Errno.EPERM), error(3, 0));
    assertEquals(
        "first: RTM_A: EPERM (operation not permitted)",
        message(() -> Conversation.talk(new ScriptedKernel().answer(other), OWN, 0, requests)));
    // Only what is acknowledged has to be answered.
    Conversation.talk(new ScriptedKernel().answer(error(3, 0)), OWN, 0, requests);
  }

  private static NetlinkException assertNotNull0(
      @org.jspecify.annotations.Nullable NetlinkException e) {
    assertNotNull(e);
    return java.util.Objects.requireNonNull(e);
  }

  @Test
  void silenceIsAnError() {
    assertEquals(
        "do a thing: RTM_THING: the kernel did not answer",
        message(
            () -> Conversation.talk(new ScriptedKernel().answer(new byte[0]), OWN, 0, request())));
    assertEquals(
        "list things: RTM_GETTHING: the kernel did not answer",
        message(() ->
            Conversation.dump(
                new ScriptedKernel().answer(things(3, 0, false)), OWN, 0, dumpRequest())));
    // The answer to something else is none.
    assertEquals(
        "do a thing: RTM_THING: the kernel did not answer",
        message(
            () -> Conversation.talk(new ScriptedKernel().answer(error(2, 0)), OWN, 0, request())));
  }

  @Test
  void lostAnswersAreAnError() {
    ScriptedKernel kernel = new ScriptedKernel().answer(error(1, 0), "lost answers");
    assertEquals(
        "do a thing: RTM_THING: ENOBUFS (no buffer space available): the kernel had to drop answers",
        message(() -> Conversation.talk(kernel, OWN, 0, request())));
    ScriptedKernel full = new ScriptedKernel().answer(error(1, 0), "too many answers");
    assertEquals(
        "do a thing: RTM_THING: EMSGSIZE (message too long): more answers than there is room for",
        message(() -> Conversation.talk(full, OWN, 0, request())));
  }

  @Test
  void aDumpIsAskedForUntilItIsWhole() {
    ScriptedKernel kernel =
        new ScriptedKernel()
            .answer(things(2, Netlink.NLM_F_DUMP_INTR, true))
            .answer(things(1, 0, false), "lost answers")
            .answer(things(1, 0, false), "too many answers")
            .answer(things(4, 0, true));
    assertEquals(4, Conversation.dump(kernel, OWN, 0, dumpRequest()).size());
    assertEquals(4, kernel.runs());

    ScriptedKernel restless = new ScriptedKernel().answer(things(2, Netlink.NLM_F_DUMP_INTR, true));
    assertEquals(
        "list things: what was asked for changed each of 32 times while it was read",
        message(() -> Conversation.dump(restless, OWN, 0, dumpRequest())));
    assertEquals(32, restless.runs());

    ScriptedKernel endless = new ScriptedKernel().answer(new byte[0], "too many answers");
    String text = message(() -> Conversation.dump(endless, OWN, 0, dumpRequest()));
    assertTrue(text.endsWith("more answers than there is room for"), text);
    assertTrue(endless.runs() < 6);
  }

  @Test
  void aDumpMayEndWithAnError() {
    Requests done = new Requests(1);
    done.begin("", "", Netlink.NLMSG_DONE, Netlink.NLM_F_MULTI);
    byte[] answers = join(things(2, 0, false), done.u32(-Errno.ENODEV).bytes());
    assertEquals(
        "list things: RTM_GETTHING: ENODEV (no such device)",
        message(
            () -> Conversation.dump(new ScriptedKernel().answer(answers), OWN, 0, dumpRequest())));
  }

  @Test
  void messagesOfAllBuffersComeInOrder() {
    List<Message> messages =
        Conversation.dump(
            new ScriptedKernel().answer(things(1000, 0, true)), OWN, 0, dumpRequest());
    for (int i = 0; i < 1000; i++) {
      assertEquals(i, messages.get(i).u32(0));
    }
    assertFalse(messages.size() != 1000);
  }
}
