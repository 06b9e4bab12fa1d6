package dev.gatun.linux;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Which structure and field each constant of {@link Structs} is about. */
final class StructTable {
  private StructTable() {}

  /** One constant: an offset, or the size where {@code field} is empty. */
  record Entry(String constant, long value, Struct struct, String field) {
    /** The path of the field in the layout, where C reaches it by a macro or an unnamed member. */
    String layoutPath() {
      return PATHS.getOrDefault(struct.prefix + "." + field, field);
    }
  }

  /** A structure: prefix of its constants, its C type, its generated class, its header. */
  record Struct(String prefix, String type, String layout, String header) {}

  private static final Map<String, String> PATHS =
      Map.ofEntries(
          Map.entry("SIGINFO_T.si_pid", "_sifields._sigchld._pid"),
          Map.entry("SIGINFO_T.si_uid", "_sifields._sigchld._uid"),
          Map.entry("SIGINFO_T.si_status", "_sifields._sigchld._status"),
          Map.entry("SIGINFO_T.si_value", "_sifields._rt._sigval"),
          Map.entry("IFREQ.ifr_name", "ifr_ifrn.ifrn_name"),
          Map.entry("IFREQ.ifr_flags", "ifr_ifru.ifru_flags"),
          Map.entry("IFREQ.ifr_ifindex", "ifr_ifru.ifru_ivalue"),
          Map.entry("IFREQ.ifr_hwaddr", "ifr_ifru.ifru_hwaddr"),
          Map.entry("IFREQ.ifr_newname", "ifr_ifru.ifru_newname"));

  private static final List<Struct> STRUCTS = new ArrayList<>();

  static {
    for (String name :
        new String[] {
          "clone_args",
          "open_how",
          "mount_attr",
          "statx",
          "statx_timestamp",
          "statfs",
          "signalfd_siginfo",
          "sigaction",
          "pollfd",
          "inotify_event",
          "iovec",
          "sockaddr_un",
          "sockaddr_nl",
          "nlmsghdr",
          "rlimit64",
          "__user_cap_header_struct",
          "__user_cap_data_struct",
          "sched_attr",
          "__kernel_timespec",
          "__kernel_itimerspec",
          "termios",
          "winsize",
          "flock",
          "sock_filter",
          "sock_fprog",
          "seccomp_data",
          "bpf_insn"
        }) {
      add("struct " + name, name, "kernel");
    }
    for (String name : new String[] {"dirent64", "msghdr", "cmsghdr", "ucred", "ifreq"}) {
      add("struct " + name, name, "libc");
    }
    add("union bpf_attr", "bpf_attr", "kernel");
    add("siginfo_t", "siginfo", "kernel");
    add("Elf64_Ehdr", "elf64_hdr", "kernel");
    add("Elf64_Phdr", "elf64_phdr", "kernel");
  }

  private static void add(String type, String layout, String header) {
    String name = type.substring(type.indexOf(' ') + 1);
    while (name.startsWith("_")) {
      name = name.substring(1);
    }
    STRUCTS.add(new Struct(name.toUpperCase(Locale.ROOT), type, layout, header));
  }

  static List<Entry> entries() throws IllegalAccessException {
    List<Entry> entries = new ArrayList<>();
    for (Field field : Structs.class.getFields()) {
      String name = field.getName();
      if (name.equals("SIZEOF_SIGSET") || newer(name)) {
        continue;
      }
      entries.add(entry(name, field.getInt(null)));
    }
    return entries;
  }

  private static boolean newer(String constant) {
    for (String prefix : NewerThanHeaders.STRUCTS.keySet()) {
      if (constant.equals("SIZEOF_" + prefix) || constant.startsWith(prefix + "_")) {
        return true;
      }
    }
    return false;
  }

  private static Entry entry(String constant, int value) {
    TreeMap<Integer, Entry> byPrefixLength = new TreeMap<>();
    for (Struct struct : STRUCTS) {
      if (constant.equals("SIZEOF_" + struct.prefix)) {
        return new Entry(constant, value, struct, "");
      }
      if (constant.startsWith(struct.prefix + "_")) {
        String field = constant.substring(struct.prefix.length() + 1).toLowerCase(Locale.ROOT);
        if (struct.prefix.equals("BPF_ATTR")) {
          field = field.replaceFirst("^(query|info)_", "$1.");
        }
        byPrefixLength.put(struct.prefix.length(), new Entry(constant, value, struct, field));
      }
    }
    if (byPrefixLength.isEmpty()) {
      throw new AssertionError("Structs." + constant + " belongs to no structure of the table");
    }
    return byPrefixLength.lastEntry().getValue();
  }
}
