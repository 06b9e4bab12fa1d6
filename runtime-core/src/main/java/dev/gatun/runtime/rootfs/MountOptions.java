package dev.gatun.runtime.rootfs;

import dev.gatun.linux.Constants;
import dev.gatun.oci.Mount;
import dev.gatun.oci.RootfsPropagation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options of one mount, sorted by what the kernel takes them as (runtime-spec
 * <em>Configuration</em>, "Linux mount options").
 *
 * <p>Options that nothing here knows are parameters of the file system, which accepts or refuses
 * them. Later options win over earlier ones.
 */
public final class MountOptions {
  /** What {@link #add} takes for something else than a parameter of a file system. */
  private static final String[] KNOWN = {
    "atime",
    "bind",
    "defaults",
    "dev",
    "diratime",
    "exec",
    "idmap",
    "iversion",
    "loud",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "noiversion",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "nosymfollow",
    "private",
    "ratime",
    "rbind",
    "rdev",
    "rdiratime",
    "relatime",
    "remount",
    "rexec",
    "ridmap",
    "rnoatime",
    "rnodev",
    "rnodiratime",
    "rnoexec",
    "rnorelatime",
    "rnostrictatime",
    "rnosuid",
    "rnosymfollow",
    "ro",
    "rprivate",
    "rrelatime",
    "rro",
    "rrw",
    "rshared",
    "rslave",
    "rstrictatime",
    "rsuid",
    "rsymfollow",
    "runbindable",
    "rw",
    "shared",
    "silent",
    "slave",
    "strictatime",
    "suid",
    "symfollow",
    "tmpcopyup",
    "unbindable"
  };

  /** Parameters that the kernel takes for every file system, fs/fs_context.c. */
  private static final String[] OF_ALL_FILE_SYSTEMS = {
    "async", "dirsync", "lazytime", "mand", "nolazytime", "nomand", "sync"
  };

  /**
   * A parameter of a file system, for {@code fsconfig(2)}.
   *
   * @param key its name
   * @param value its value, null for a flag
   * @param place the JSON pointer of the option
   */
  record Parameter(String key, @Nullable String value, String place) {}

  private boolean bind;
  private boolean recursive;
  private boolean remount;
  private boolean idmapped;
  private boolean idmappedRecursively;

  /** {@code MOUNT_ATTR_*} bits to set and to clear on the mount itself. */
  private long set;

  private long clear;

  /** The same for the whole tree of mounts. */
  private long recursiveSet;

  private long recursiveClear;

  private @Nullable String iversion;
  private @Nullable String copyUp;
  private boolean noatime;
  private boolean strictatime;
  private final List<Propagation> propagation = new ArrayList<>(2);
  private final List<Parameter> parameters = new ArrayList<>(4);

  private MountOptions() {}

  /**
   * The options that mean the same for every file system, for the features document.
   *
   * @return their names, sorted
   */
  public static List<String> names() {
    List<String> names = new ArrayList<>(KNOWN.length + OF_ALL_FILE_SYSTEMS.length);
    Collections.addAll(names, KNOWN);
    Collections.addAll(names, OF_ALL_FILE_SYSTEMS);
    Collections.sort(names);
    return names;
  }

  /**
   * Sorts the options of a mount.
   *
   * @param mount the mount
   * @param place the mount's JSON pointer
   */
  static MountOptions of(Mount mount, String place) {
    MountOptions options = new MountOptions();
    options.bind = "bind".equals(mount.type());
    for (int i = 0; i < mount.options().size(); i++) {
      options.split(mount.options().get(i), place + "/options/" + i);
    }
    return options;
  }

  /** One element may hold several options, as they would stand in {@code fstab(5)}. */
  private void split(String element, String place) {
    boolean quoted = false;
    int begin = 0;
    for (int i = 0; i <= element.length(); i++) {
      char c = i < element.length() ? element.charAt(i) : ',';
      if (c == '\\') {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && (!quoted || i == element.length())) {
        if (i > begin) {
          add(element.substring(begin, Math.min(i, element.length())), place);
        }
        begin = i + 1;
      }
    }
    if (begin < element.length()) {
      add(element.substring(begin), place);
    }
  }

  private void add(String option, String place) {
    switch (option) {
      case "defaults", "loud", "silent" -> {
        // Messages of the new mount interface go to the caller's context, not to the kernel's log:
        // that is silent, and there is nothing to make loud.
      }
      case "bind" -> bind = true;
      case "rbind" -> {
        bind = true;
        recursive = true;
      }
      case "remount" -> remount = true;
      case "iversion" -> iversion = place;
      case "noiversion" -> iversion = null;
      case "ro" -> set(Constants.MOUNT_ATTR_RDONLY);
      case "rw" -> clear(Constants.MOUNT_ATTR_RDONLY);
      case "nosuid" -> set(Constants.MOUNT_ATTR_NOSUID);
      case "suid" -> clear(Constants.MOUNT_ATTR_NOSUID);
      case "nodev" -> set(Constants.MOUNT_ATTR_NODEV);
      case "dev" -> clear(Constants.MOUNT_ATTR_NODEV);
      case "noexec" -> set(Constants.MOUNT_ATTR_NOEXEC);
      case "exec" -> clear(Constants.MOUNT_ATTR_NOEXEC);
      case "nodiratime" -> set(Constants.MOUNT_ATTR_NODIRATIME);
      case "diratime" -> clear(Constants.MOUNT_ATTR_NODIRATIME);
      case "nosymfollow" -> set(Constants.MOUNT_ATTR_NOSYMFOLLOW);
      case "symfollow" -> clear(Constants.MOUNT_ATTR_NOSYMFOLLOW);
      case "noatime" -> accessTime(true, strictatime);
      case "atime" -> accessTime(false, strictatime);
      case "strictatime" -> accessTime(noatime, true);
      case "nostrictatime" -> accessTime(noatime, false);
      case "relatime", "norelatime" -> accessTime(noatime, strictatime);
      case "rro" -> recursiveSet(Constants.MOUNT_ATTR_RDONLY);
      case "rrw" -> recursiveClear(Constants.MOUNT_ATTR_RDONLY);
      case "rnosuid" -> recursiveSet(Constants.MOUNT_ATTR_NOSUID);
      case "rsuid" -> recursiveClear(Constants.MOUNT_ATTR_NOSUID);
      case "rnodev" -> recursiveSet(Constants.MOUNT_ATTR_NODEV);
      case "rdev" -> recursiveClear(Constants.MOUNT_ATTR_NODEV);
      case "rnoexec" -> recursiveSet(Constants.MOUNT_ATTR_NOEXEC);
      case "rexec" -> recursiveClear(Constants.MOUNT_ATTR_NOEXEC);
      case "rnodiratime" -> recursiveSet(Constants.MOUNT_ATTR_NODIRATIME);
      case "rdiratime" -> recursiveClear(Constants.MOUNT_ATTR_NODIRATIME);
      case "rnosymfollow" -> recursiveSet(Constants.MOUNT_ATTR_NOSYMFOLLOW);
      case "rsymfollow" -> recursiveClear(Constants.MOUNT_ATTR_NOSYMFOLLOW);
      case "rnoatime" -> recursiveAccessTime(Constants.MOUNT_ATTR_NOATIME);
      case "rstrictatime" -> recursiveAccessTime(Constants.MOUNT_ATTR_STRICTATIME);
      case "ratime", "rrelatime", "rnorelatime", "rnostrictatime" ->
          recursiveAccessTime(Constants.MOUNT_ATTR_RELATIME);
      case "tmpcopyup" -> copyUp = place;
      case "idmap" -> idmapped = true;
      case "ridmap" -> {
        idmapped = true;
        idmappedRecursively = true;
      }
      default -> {
        RootfsPropagation name = RootfsPropagation.named(option);
        if (name != null) {
          propagation.add(Propagation.of(name));
        } else {
          parameter(option, place);
        }
      }
    }
  }

  private void parameter(String option, String place) {
    int equals = option.indexOf('=');
    if (equals < 0) {
      parameters.add(new Parameter(option, null, place));
      return;
    }
    String value = option.substring(equals + 1);
    if (value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")) {
      value = value.substring(1, value.length() - 1);
    }
    parameters.add(new Parameter(option.substring(0, equals), value, place));
  }

  private void set(long attribute) {
    set |= attribute;
    clear &= ~attribute;
  }

  private void clear(long attribute) {
    clear |= attribute;
    set &= ~attribute;
  }

  private void recursiveSet(long attribute) {
    recursiveSet |= attribute;
    recursiveClear &= ~attribute;
  }

  private void recursiveClear(long attribute) {
    recursiveClear |= attribute;
    recursiveSet &= ~attribute;
  }

  /** As {@code mount(2)} reads its three flags: strictatime, then noatime, then relatime. */
  private void accessTime(boolean noatime, boolean strictatime) {
    this.noatime = noatime;
    this.strictatime = strictatime;
    int value = Constants.MOUNT_ATTR_RELATIME;
    if (strictatime) {
      value = Constants.MOUNT_ATTR_STRICTATIME;
    } else if (noatime) {
      value = Constants.MOUNT_ATTR_NOATIME;
    }
    set = (set & ~Constants.MOUNT_ATTR__ATIME) | value;
    clear |= Constants.MOUNT_ATTR__ATIME;
  }

  private void recursiveAccessTime(int value) {
    recursiveSet = (recursiveSet & ~Constants.MOUNT_ATTR__ATIME) | value;
    recursiveClear |= Constants.MOUNT_ATTR__ATIME;
  }

  boolean isBind() {
    return bind;
  }

  /** {@code AT_RECURSIVE} when a bind mount takes the mounts below its source along, else 0. */
  int recursive() {
    return recursive ? Constants.AT_RECURSIVE : 0;
  }

  boolean isRemount() {
    return remount;
  }

  /** Whether the ids of the mount are to be mapped, those of the container by default. */
  boolean isIdmapped() {
    return idmapped;
  }

  /** Whether the mounts below it are mapped too. */
  boolean isIdmappedRecursively() {
    return idmappedRecursively;
  }

  boolean isReadOnly() {
    return (set & Constants.MOUNT_ATTR_RDONLY) != 0;
  }

  boolean isReadWrite() {
    return (clear & Constants.MOUNT_ATTR_RDONLY) != 0;
  }

  long attributesSet() {
    return set;
  }

  long attributesCleared() {
    return clear;
  }

  long recursivelySet() {
    return recursiveSet;
  }

  long recursivelyCleared() {
    return recursiveClear;
  }

  /**
   * The place of {@code iversion}, null without it. {@code fsconfig(2)} has no such flag, only
   * {@code mount(2)} does.
   */
  @Nullable String iversion() {
    return iversion;
  }

  /** The place of {@code tmpcopyup}, null without it. */
  @Nullable String copyUp() {
    return copyUp;
  }

  /** Whether the file system is given a parameter of this name. */
  boolean hasParameter(String key) {
    for (int i = 0; i < parameters.size(); i++) {
      if (parameters.get(i).key().equals(key)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Everything as {@code mount(2)} takes it in one word, for a remount that changes nothing but to
   * add {@code MS_I_VERSION}.
   */
  long remountFlags() {
    long flags = Constants.MS_REMOUNT | Constants.MS_I_VERSION;
    flags |= flag(Constants.MOUNT_ATTR_RDONLY, Constants.MS_RDONLY);
    flags |= flag(Constants.MOUNT_ATTR_NOSUID, Constants.MS_NOSUID);
    flags |= flag(Constants.MOUNT_ATTR_NODEV, Constants.MS_NODEV);
    flags |= flag(Constants.MOUNT_ATTR_NOEXEC, Constants.MS_NOEXEC);
    flags |= flag(Constants.MOUNT_ATTR_NODIRATIME, Constants.MS_NODIRATIME);
    flags |= flag(Constants.MOUNT_ATTR_NOSYMFOLLOW, Constants.MS_NOSYMFOLLOW);
    flags |= noatime ? Constants.MS_NOATIME : 0;
    flags |= strictatime ? Constants.MS_STRICTATIME : 0;
    for (int i = 0; i < parameters.size(); i++) {
      flags |=
          switch (parameters.get(i).key()) {
            case "sync" -> Constants.MS_SYNCHRONOUS;
            case "mand" -> Constants.MS_MANDLOCK;
            case "lazytime" -> Constants.MS_LAZYTIME;
            default -> 0;
          };
    }
    return flags;
  }

  private int flag(int attribute, int flag) {
    return (set & attribute) != 0 ? flag : 0;
  }

  /** In the order in which they are applied. */
  List<Propagation> propagation() {
    return propagation;
  }

  /** What the file system is asked for; flags that all file systems have are among them. */
  List<Parameter> parameters() {
    return parameters;
  }
}
