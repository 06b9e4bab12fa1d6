package dev.gatun.oci;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A device node in the container, mknod(2).
 *
 * @param path absolute path in the container, anywhere
 * @param type kind of node
 * @param major major number; required unless the node is a FIFO
 * @param minor minor number; required unless the node is a FIFO
 * @param fileMode file mode, perhaps with type bits
 * @param uid owner in the container's user namespace
 * @param gid group in the container's user namespace
 */
public record Device(
    String path,
    Device.Type type,
    @Nullable Long major,
    @Nullable Long minor,
    @Nullable Long fileMode,
    @Nullable Long uid,
    @Nullable Long gid) {
  /** Checks ranges. */
  public Device {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(type, "type");
    Values.uint32("fileMode", fileMode);
    Values.uint32("uid", uid);
    Values.uint32("gid", gid);
  }

  /** Kind of a device node, mknod(1). */
  public enum Type {
    /** {@code c}. */
    CHARACTER("c"),
    /** {@code b}. */
    BLOCK("b"),
    /** {@code u}. */
    UNBUFFERED("u"),
    /** {@code p}. */
    FIFO("p");
    private final String specName;

    Type(String specName) {
      this.specName = specName;
    }

    /**
     * Returns the name that documents use.
     *
     * @return the name
     */
    public String specName() {
      return specName;
    }

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Type named(String name) {
      return switch (name) {
        case "c" -> CHARACTER;
        case "b" -> BLOCK;
        case "u" -> UNBUFFERED;
        case "p" -> FIFO;
        default -> null;
      };
    }
  }
}
