package dev.gatun.runtime.hooks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What is said of a hook that did not end well. */
class HookTextTest {
  private static String text(long ending, String output) {
    return HookEnding.text(
        "hook poststop \"/x\"",
        ending,
        output.getBytes(StandardCharsets.UTF_8),
        "/hooks/poststop/1");
  }

  @Test
  void endings() {
    String place = " [config.json /hooks/poststop/1]";
    assertEquals("hook poststop \"/x\": exit status 3" + place, text(3, ""));
    assertEquals(
        "hook poststop \"/x\": ended by signal 9" + place, text(HookEnding.SIGNAL + 9, ""));
    assertEquals(
        "hook poststop \"/x\": ran past its timeout of 1 second and was killed" + place,
        text(HookEnding.TIMED_OUT + 1, " \n"));
    assertEquals(
        "hook poststop \"/x\": ran past its timeout of 2147483647 seconds and was killed" + place,
        text(HookEnding.TIMED_OUT + Integer.MAX_VALUE, ""));
  }

  @Test
  void outputIsOneLineAndItsEnd() {
    String place = " [config.json /hooks/poststop/1]";
    assertEquals(
        "hook poststop \"/x\": exit status 1, having written: a b ü" + place,
        text(1, "\n a\t\u001b\n\nb ü \n"));
    String longest = text(1, "begin " + "y".repeat(5000) + " end\n");
    assertTrue(longest.contains(": …yyy") && longest.endsWith("yyy end" + place), longest);
    assertTrue(longest.length() < 1200, longest);
  }

  @Test
  void aRingIsReadFromItsOldestByte() {
    byte[] ring = {1, 2, 3, 4};
    assertArrayEquals(new byte[0], HookEnding.unroll(ring, 0, false));
    assertArrayEquals(new byte[] {1, 2, 3}, HookEnding.unroll(ring, 3, false));
    assertArrayEquals(new byte[] {4, 1, 2, 3}, HookEnding.unroll(ring, 3, true));
    assertArrayEquals(ring, HookEnding.unroll(ring, 0, true));
  }
}
