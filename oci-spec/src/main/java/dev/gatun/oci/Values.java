package dev.gatun.oci;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the records' constructors check and copy. */
final class Values {
  private static final long UINT32_MAX = 0xffff_ffffL;

  private Values() {}

  /** Callers written in Go cannot tell an empty string from an absent one, and leave both out. */
  static @Nullable String absentIfEmpty(@Nullable String value) {
    return value == null || value.isEmpty() ? null : value;
  }

  static void uint16(String name, @Nullable Integer value) {
    if (value != null && (value < 0 || value > 0xffff)) {
      throw new IllegalArgumentException(name + " is not a uint16: " + value);
    }
  }

  static void uint32(String name, long value) {
    if (value < 0 || value > UINT32_MAX) {
      throw new IllegalArgumentException(name + " is not a uint32: " + value);
    }
  }

  static void uint32(String name, @Nullable Long value) {
    if (value != null) {
      uint32(name, value.longValue());
    }
  }

  static List<Long> uint32s(String name, List<Long> values) {
    List<Long> copy = List.copyOf(values);
    for (long value : copy) {
      uint32(name, value);
    }
    return copy;
  }

  static <T> @Nullable List<T> copy(@Nullable List<T> list) {
    return list == null ? null : List.copyOf(list);
  }

  /** Unlike {@link Map#copyOf}, keeps the document's order. */
  static <K, V> Map<K, V> copy(Map<K, V> map) {
    if (map.isEmpty()) {
      return Map.of();
    }
    for (Map.Entry<K, V> entry : map.entrySet()) {
      if (entry.getKey() == null || entry.getValue() == null) {
        throw new NullPointerException("null in a map");
      }
    }
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
