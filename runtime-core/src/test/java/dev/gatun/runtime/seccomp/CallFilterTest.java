package dev.gatun.runtime.seccomp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Syscall;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CallFilterTest {
  private static final int ALLOW = 0x7fff0000;
  private static final int EPERM = 0x50001;

  @ParameterizedTest
  @EnumSource
  void whatIsNamedPassesAndNothingElse(Arch arch) {
    List<Syscall> allowed = List.of(Syscall.READ, Syscall.RT_SIGTIMEDWAIT, Syscall.EXIT_GROUP);
    Bpf filter = new Bpf(CallFilter.bpf(arch, allowed));
    int own = Abi.of(arch).audit();
    for (int number = -1; number < 1000; number++) {
      Syscall call = Syscall.of(arch, number);
      boolean passes = call != null && allowed.contains(call);
      assertEquals(passes ? ALLOW : EPERM, filter.run(own, number), arch + " " + number);
    }
    for (Syscall call : allowed) {
      int number = call.number(arch);
      assertEquals(EPERM, filter.run(own, number | Abi.X32.base()), "x32 " + call);
      for (Abi abi : Abi.values()) {
        if (abi.audit() != own) {
          assertEquals(EPERM, filter.run(abi.audit(), number), abi + " " + call);
        }
      }
    }
  }
}
