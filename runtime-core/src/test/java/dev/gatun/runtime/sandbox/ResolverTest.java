package dev.gatun.runtime.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ResolverTest {
  private static final String UPSTREAM = "nameserver 192.0.2.1\nsearch example.org\n";

  private static String choose(String config, String upstream) {
    return new String(
        Resolver.choose(
            config.getBytes(StandardCharsets.ISO_8859_1),
            upstream.getBytes(StandardCharsets.ISO_8859_1)),
        StandardCharsets.ISO_8859_1);
  }

  @Test
  void theStubOfTheHostIsNotThePods() {
    String stub = "# a comment\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n";
    assertEquals(UPSTREAM, choose(stub, UPSTREAM));
    assertEquals(UPSTREAM, choose("nameserver\t127.0.0.53 \nnameserver 127.0.0.54", UPSTREAM));
    assertEquals(stub, choose(stub, ""), "nothing better is known");
  }

  @Test
  void whatElseTheHostAsksThePodAsksToo() {
    for (String config :
        new String[] {
          "",
          "search example.org\n",
          "nameserver 192.0.2.9\n",
          "nameserver 127.0.0.1\n",
          "nameserver 127.0.0.53\nnameserver 192.0.2.9\n",
          "#nameserver 127.0.0.53\n",
          "nameserver127.0.0.53\n",
          "nameserver",
        }) {
      assertEquals(config, choose(config, UPSTREAM));
    }
  }
}
