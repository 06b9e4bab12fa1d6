package dev.gatun.oci;

import java.util.List;

/** Writes the parts of {@code config.json} that are not specific to Linux. */
final class ConfigEncoder {
  private ConfigEncoder() {}

  static void spec(JsonWriter out, Spec value) {
    out.beginObject();
    out.member("ociVersion", value.ociVersion());
    Root root = value.root();
    if (root != null) {
      root(out.name("root"), root);
    }
    out.optional("hostname", value.hostname());
    out.optional("domainname", value.domainname());
    mounts(out, "mounts", value.mounts());
    Process process = value.process();
    if (process != null) {
      process(out.name("process"), process);
    }
    Hooks hooks = value.hooks();
    if (hooks != null) {
      hooks(out.name("hooks"), hooks);
    }
    out.unlessEmpty("annotations", value.annotations());
    Linux linux = value.linux();
    if (linux != null) {
      LinuxEncoder.linux(out.name("linux"), linux);
    }
    out.endObject();
  }

  static void root(JsonWriter out, Root value) {
    out.beginObject();
    out.member("path", value.path());
    if (value.readonly()) {
      out.member("readonly", true);
    }
    out.endObject();
  }

  static void mount(JsonWriter out, Mount value) {
    out.beginObject();
    out.member("destination", value.destination());
    out.optional("type", value.type());
    out.optional("source", value.source());
    out.unlessEmpty("options", value.options());
    LinuxEncoder.idMappings(out, "uidMappings", value.uidMappings());
    LinuxEncoder.idMappings(out, "gidMappings", value.gidMappings());
    out.endObject();
  }

  static void process(JsonWriter out, Process value) {
    out.beginObject();
    if (value.terminal()) {
      out.member("terminal", true);
    }
    Box consoleSize = value.consoleSize();
    if (consoleSize != null) {
      box(out.name("consoleSize"), consoleSize);
    }
    user(out.name("user"), value.user());
    out.unlessEmpty("args", value.args());
    out.unlessEmpty("env", value.env());
    out.member("cwd", value.cwd());
    Capabilities capabilities = value.capabilities();
    if (capabilities != null) {
      capabilities(out.name("capabilities"), capabilities);
    }
    rlimits(out, "rlimits", value.rlimits());
    if (value.noNewPrivileges()) {
      out.member("noNewPrivileges", true);
    }
    out.optional("apparmorProfile", value.apparmorProfile());
    out.optional("oomScoreAdj", value.oomScoreAdj());
    Scheduler scheduler = value.scheduler();
    if (scheduler != null) {
      scheduler(out.name("scheduler"), scheduler);
    }
    out.optional("selinuxLabel", value.selinuxLabel());
    IoPriority ioPriority = value.ioPriority();
    if (ioPriority != null) {
      ioPriority(out.name("ioPriority"), ioPriority);
    }
    ExecCpuAffinity execCPUAffinity = value.execCPUAffinity();
    if (execCPUAffinity != null) {
      execCpuAffinity(out.name("execCPUAffinity"), execCPUAffinity);
    }
    out.endObject();
  }

  static void box(JsonWriter out, Box value) {
    out.beginObject();
    out.unsignedMember("height", value.height());
    out.unsignedMember("width", value.width());
    out.endObject();
  }

  static void user(JsonWriter out, User value) {
    out.beginObject();
    out.member("uid", value.uid());
    out.member("gid", value.gid());
    out.optional("umask", value.umask());
    if (!value.additionalGids().isEmpty()) {
      out.name("additionalGids").beginArray();
      for (long id : value.additionalGids()) {
        out.value(id);
      }
      out.endArray();
    }
    out.endObject();
  }

  static void capabilities(JsonWriter out, Capabilities value) {
    out.beginObject();
    if (!value.bounding().isEmpty()) {
      out.name("bounding").beginArray();
      for (Capability element : value.bounding()) {
        out.value(element.name());
      }
      out.endArray();
    }
    if (!value.effective().isEmpty()) {
      out.name("effective").beginArray();
      for (Capability element : value.effective()) {
        out.value(element.name());
      }
      out.endArray();
    }
    if (!value.inheritable().isEmpty()) {
      out.name("inheritable").beginArray();
      for (Capability element : value.inheritable()) {
        out.value(element.name());
      }
      out.endArray();
    }
    if (!value.permitted().isEmpty()) {
      out.name("permitted").beginArray();
      for (Capability element : value.permitted()) {
        out.value(element.name());
      }
      out.endArray();
    }
    if (!value.ambient().isEmpty()) {
      out.name("ambient").beginArray();
      for (Capability element : value.ambient()) {
        out.value(element.name());
      }
      out.endArray();
    }
    out.endObject();
  }

  static void rlimit(JsonWriter out, Rlimit value) {
    out.beginObject();
    out.member("type", value.type().name());
    out.unsignedMember("soft", value.soft());
    out.unsignedMember("hard", value.hard());
    out.endObject();
  }

  static void scheduler(JsonWriter out, Scheduler value) {
    out.beginObject();
    out.member("policy", value.policy().name());
    if (value.nice() != 0) {
      out.member("nice", value.nice());
    }
    if (value.priority() != 0) {
      out.member("priority", value.priority());
    }
    if (!value.flags().isEmpty()) {
      out.name("flags").beginArray();
      for (Scheduler.Flag element : value.flags()) {
        out.value(element.name());
      }
      out.endArray();
    }
    if (value.runtime() != 0) {
      out.unsignedMember("runtime", value.runtime());
    }
    if (value.deadline() != 0) {
      out.unsignedMember("deadline", value.deadline());
    }
    if (value.period() != 0) {
      out.unsignedMember("period", value.period());
    }
    out.endObject();
  }

  static void ioPriority(JsonWriter out, IoPriority value) {
    out.beginObject();
    out.member("class", value.priorityClass().name());
    out.member("priority", value.priority());
    out.endObject();
  }

  static void execCpuAffinity(JsonWriter out, ExecCpuAffinity value) {
    out.beginObject();
    out.optional("initial", value.initial());
    out.optional("final", value.finalCpus());
    out.endObject();
  }

  static void hooks(JsonWriter out, Hooks value) {
    out.beginObject();
    hookList(out, "prestart", value.prestart());
    hookList(out, "createRuntime", value.createRuntime());
    hookList(out, "createContainer", value.createContainer());
    hookList(out, "startContainer", value.startContainer());
    hookList(out, "poststart", value.poststart());
    hookList(out, "poststop", value.poststop());
    out.endObject();
  }

  static void hook(JsonWriter out, Hook value) {
    out.beginObject();
    out.member("path", value.path());
    out.unlessEmpty("args", value.args());
    out.optional("env", value.env());
    out.optional("timeout", value.timeout());
    out.endObject();
  }

  static void mounts(JsonWriter out, String name, List<Mount> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Mount element : list) {
      mount(out, element);
    }
    out.endArray();
  }

  static void rlimits(JsonWriter out, String name, List<Rlimit> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Rlimit element : list) {
      rlimit(out, element);
    }
    out.endArray();
  }

  static void hookList(JsonWriter out, String name, List<Hook> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Hook element : list) {
      hook(out, element);
    }
    out.endArray();
  }
}
