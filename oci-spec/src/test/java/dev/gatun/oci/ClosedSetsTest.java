package dev.gatun.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class ClosedSetsTest {
  @Test
  void namesAndConstantsAreTheSame() {
    for (Capability value : Capability.values()) {
      assertEquals(value, Capability.named(value.name()));
    }
    for (Rlimit.Type value : Rlimit.Type.values()) {
      assertEquals(value, Rlimit.Type.named(value.name()));
    }
    for (NamespaceType value : NamespaceType.values()) {
      assertEquals(value, NamespaceType.named(value.specName()));
    }
    for (Seccomp.Arch value : Seccomp.Arch.values()) {
      assertEquals(value, Seccomp.Arch.named(value.name()));
    }
    for (RootfsPropagation value : RootfsPropagation.values()) {
      assertEquals(value, RootfsPropagation.named(value.specName()));
    }
    assertNull(Capability.named("cap_kill"));
    assertNull(NamespaceType.named("net"));
  }

  /** linux/capability.h. */
  @Test
  void capabilityNumbers() {
    assertEquals(41, Capability.values().length);
    assertEquals(0, Capability.CAP_CHOWN.number());
    assertEquals(5, Capability.CAP_KILL.number());
    assertEquals(8, Capability.CAP_SETPCAP.number());
    assertEquals(10, Capability.CAP_NET_BIND_SERVICE.number());
    assertEquals(13, Capability.CAP_NET_RAW.number());
    assertEquals(18, Capability.CAP_SYS_CHROOT.number());
    assertEquals(21, Capability.CAP_SYS_ADMIN.number());
    assertEquals(24, Capability.CAP_SYS_RESOURCE.number());
    assertEquals(27, Capability.CAP_MKNOD.number());
    assertEquals(29, Capability.CAP_AUDIT_WRITE.number());
    assertEquals(31, Capability.CAP_SETFCAP.number());
    assertEquals(34, Capability.CAP_SYSLOG.number());
    assertEquals(37, Capability.CAP_AUDIT_READ.number());
    assertEquals(38, Capability.CAP_PERFMON.number());
    assertEquals(39, Capability.CAP_BPF.number());
    assertEquals(40, Capability.CAP_CHECKPOINT_RESTORE.number());
  }

  /** asm-generic/resource.h, which x86 and arm64 use as it is. */
  @Test
  void rlimitNumbers() {
    assertEquals(16, Rlimit.Type.values().length);
    assertEquals(0, Rlimit.Type.RLIMIT_CPU.number());
    assertEquals(4, Rlimit.Type.RLIMIT_CORE.number());
    assertEquals(5, Rlimit.Type.RLIMIT_RSS.number());
    assertEquals(6, Rlimit.Type.RLIMIT_NPROC.number());
    assertEquals(7, Rlimit.Type.RLIMIT_NOFILE.number());
    assertEquals(8, Rlimit.Type.RLIMIT_MEMLOCK.number());
    assertEquals(9, Rlimit.Type.RLIMIT_AS.number());
    assertEquals(12, Rlimit.Type.RLIMIT_MSGQUEUE.number());
    assertEquals(15, Rlimit.Type.RLIMIT_RTTIME.number());
  }

  /** linux/sched.h: one bit each, all different. */
  @Test
  void namespaceFlags() {
    int all = 0;
    for (NamespaceType value : NamespaceType.values()) {
      assertEquals(1, Integer.bitCount(value.cloneFlag()));
      all |= value.cloneFlag();
    }
    assertEquals(0x7e020080, all);
    assertEquals(0x00020000, NamespaceType.MOUNT.cloneFlag());
    assertEquals("CLONE_NEWNS", NamespaceType.MOUNT.cloneFlagName());
    assertEquals("net", NamespaceType.NETWORK.procName());
  }

  @Test
  void writerEscapes() {
    String text = "\"\\\n\r\t\u0001\u001f\u007fé✓\ud83d\udea2";
    JsonWriter out = JsonWriter.compact().beginArray().value(text).value(true).nullValue();
    String json = new String(out.endArray().toByteArray(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals("[\"\\\"\\\\\\n\\r\\t\\u0001\\u001f\u007fé✓\ud83d\udea2\",true,null]", json);
  }

  @Test
  void prettyPrinting() {
    JsonWriter out = JsonWriter.pretty("  ").beginObject();
    out.name("a").beginArray().endArray();
    out.name("b").beginObject().member("c", -1).member("d", false).endObject();
    out.name("e").beginArray().value("f").value(2).endArray().endObject();
    assertEquals(
        """
        {
          "a": [],
          "b": {
            "c": -1,
            "d": false
          },
          "e": [
            "f",
            2
          ]
        }
        """,
        new String(out.toByteArray(), java.nio.charset.StandardCharsets.UTF_8));
  }
}
