package dev.gatun.linux;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/** What jextract read from the headers of one architecture. */
final class GeneratedHeaders {
  private final String packageName;
  private final Map<String, Object> constants = new TreeMap<>();

  GeneratedHeaders(Arch arch) throws ReflectiveOperationException {
    packageName =
        switch (arch) {
          case X86_64 -> "dev.gatun.linux.x86_64";
          case AARCH64 -> "dev.gatun.linux.aarch64";
        };
    for (String header : new String[] {"kernel", "libc"}) {
      for (Method method : Class.forName(packageName + "." + header).getMethods()) {
        if (Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 0) {
          method.setAccessible(true);
          constants.put(method.getName(), method.invoke(null));
        }
      }
    }
  }

  /** The constant as a 64-bit word, empty if the headers do not have it. */
  OptionalLong constant(String name) {
    return switch (constants.get(name)) {
      case Integer i -> OptionalLong.of(i);
      case Long l -> OptionalLong.of(l);
      case MemorySegment pointer -> OptionalLong.of(pointer.address());
      case null -> OptionalLong.empty();
      case Object other -> throw new AssertionError(name + " is a " + other.getClass());
    };
  }

  /** Whether a value of ours is the header's, whose C type may be a negative 32-bit one. */
  boolean equal(String name, long ours) {
    return switch (constants.get(name)) {
      case Integer i -> ours == i || ours == Integer.toUnsignedLong(i);
      case Long l -> ours == l;
      case MemorySegment pointer -> ours == pointer.address();
      case null, default -> false;
    };
  }

  GroupLayout layout(String struct) throws ReflectiveOperationException {
    Method method = Class.forName(packageName + "." + struct).getMethod("layout");
    method.setAccessible(true);
    return (GroupLayout) method.invoke(null);
  }

  /** The offset of a field given by its path with dots; unnamed members are looked through. */
  static OptionalLong offset(GroupLayout layout, String path) {
    int dot = path.indexOf('.');
    String first = dot < 0 ? path : path.substring(0, dot);
    for (MemoryLayout member : layout.memberLayouts()) {
      String name = member.name().orElse("");
      OptionalLong inner = OptionalLong.empty();
      if (name.equals(first)) {
        inner =
            dot < 0 ? OptionalLong.of(0) : offset((GroupLayout) member, path.substring(dot + 1));
      } else if (name.startsWith("$anon$") && member instanceof GroupLayout group) {
        inner = offset(group, path);
      }
      if (inner.isPresent()) {
        return OptionalLong.of(
            layout.byteOffset(MemoryLayout.PathElement.groupElement(name)) + inner.getAsLong());
      }
    }
    return OptionalLong.empty();
  }
}
