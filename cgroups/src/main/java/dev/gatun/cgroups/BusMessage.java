package dev.gatun.cgroups;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes a D-Bus method call, little endian, as the D-Bus specification's "Message Protocol" says:
 * every value is aligned to its size, structures to eight bytes.
 */
final class BusMessage {
  private static final int HEADER = 16;
  private static final byte METHOD_CALL = 1;
  private static final byte VERSION = 1;
  private static final int BODY_LENGTH = 4;
  private static final int FIELDS_LENGTH = 12;

  // Kinds of header fields.
  private static final int PATH = 1;
  private static final int INTERFACE = 2;
  private static final int MEMBER = 3;
  private static final int DESTINATION = 6;
  private static final int SIGNATURE = 8;

  private byte[] bytes = new byte[1024];
  private int length;
  private int body;

  /**
   * Begins a call. Its arguments are added in order.
   *
   * @param serial its number in the connection, from 1
   * @param destination the bus name that is called
   * @param path the object
   * @param interfaceName the interface
   * @param member the method
   * @param signature of the arguments, empty without any
   */
  BusMessage(
      int serial,
      String destination,
      String path,
      String interfaceName,
      String member,
      String signature) {
    put('l');
    put(METHOD_CALL);
    put(0);
    put(VERSION);
    u32(0);
    u32(serial);
    u32(0);
    field(PATH, "o", path);
    field(DESTINATION, "s", destination);
    field(INTERFACE, "s", interfaceName);
    field(MEMBER, "s", member);
    if (!signature.isEmpty()) {
      field(SIGNATURE, "g", signature);
    }
    set(FIELDS_LENGTH, length - HEADER);
    align(8);
    body = length;
  }

  private void field(int kind, String type, String value) {
    align(8);
    put(kind);
    signature(type);
    if (type.equals("g")) {
      signature(value);
    } else {
      string(value);
    }
  }

  private void put(int value) {
    if (length == bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * length);
    }
    bytes[length++] = (byte) value;
  }

  private void set(int at, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[at + i] = (byte) (value >>> (8 * i));
    }
  }

  /** Pads to a multiple of a size. */
  void align(int size) {
    while (length % size != 0) {
      put(0);
    }
  }

  /** A number of 32 bits; returns where it is. */
  int u32(int value) {
    align(4);
    int at = length;
    for (int i = 0; i < 4; i++) {
      put(value >>> (8 * i));
    }
    return at;
  }

  /** A number of so many bytes. */
  void number(long value, int size) {
    align(size);
    for (int i = 0; i < size; i++) {
      put((int) (value >>> (8 * i)));
    }
  }

  /** A string. */
  BusMessage string(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    u32(utf8.length);
    for (byte b : utf8) {
      put(b);
    }
    put(0);
    return this;
  }

  /** A signature. */
  void signature(String value) {
    put(value.length());
    for (int i = 0; i < value.length(); i++) {
      put(value.charAt(i));
    }
    put(0);
  }

  /** Begins an array of structures, to be ended with {@link #end}; returns what ends it. */
  int structures() {
    return begin(8);
  }

  /** Ends an array that {@link #structures} began. */
  void end(int array) {
    end(array, 8);
  }

  /** Begins an array of elements with an alignment; returns what ends it. */
  int begin(int alignment) {
    int at = u32(0);
    align(alignment);
    return at;
  }

  /** Ends an array that {@link #begin(int)} began. */
  void end(int array, int alignment) {
    // The padding before the first element does not count.
    int first = (array + 4 + alignment - 1) / alignment * alignment;
    set(array, length - first);
  }

  /** A property that is a string. */
  void property(String name, String value) {
    begin(name, "s");
    string(value);
  }

  /** A property that is a boolean. */
  void property(String name, boolean value) {
    begin(name, "b");
    u32(value ? 1 : 0);
  }

  /** A property that is a number of 64 bits. */
  void property(String name, long value) {
    begin(name, "t");
    number(value, 8);
  }

  /** A property of any type. */
  void property(String name, BusVariant.Value value) {
    begin(name, value.signature());
    value.put(this);
  }

  /** A property that is an array of one number; returns where that is. */
  int numbersProperty(String name) {
    begin(name, "au");
    u32(4);
    return u32(0);
  }

  private void begin(String name, String type) {
    align(8);
    string(name);
    signature(type);
  }

  /** How long the message is so far. */
  int length() {
    return length;
  }

  /** The whole message. */
  byte[] bytes() {
    set(BODY_LENGTH, length - body);
    return Arrays.copyOf(bytes, length);
  }
}
