package dev.gatun.netns.cni;

import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration says of one plugin. Only what the protocol itself uses is understood; all
 * else is the plugin's, and stays as it is written.
 *
 * @param type the name of the plugin's file
 * @param capabilities what the plugin wants to be told of each attachment, if the caller knows it
 * @param members all properties, in their order, the values as they are written
 */
record PluginConfig(String type, List<String> capabilities, List<Member> members) {

  /** A property. */
  @SuppressWarnings("ArrayRecordComponent") // carried to the request, never compared
  record Member(String name, byte[] json) {}

  /**
   * Reads one.
   *
   * @param in on the object's first token
   */
  static PluginConfig read(JsonInput in) {
    String type = null;
    List<String> capabilities = new ArrayList<>();
    List<Member> members = new ArrayList<>();
    in.beginObject();
    for (String name = in.nextEntry(); name != null; name = in.nextEntry()) {
      if (name.equals("type") && !in.isNull()) {
        type = in.string();
        if (!Names.isType(type)) {
          throw in.error("expected the name of a file, found " + Names.quoted(type));
        }
        members.add(new Member(name, JsonWriter.compact().value(type).toByteArray()));
      } else if (name.equals("capabilities") && !in.isNull()) {
        members.add(new Member(name, capabilities(in, capabilities)));
      } else {
        members.add(new Member(name, in.raw()));
      }
    }
    if (type == null) {
      throw in.missing("type");
    }
    return new PluginConfig(type, List.copyOf(capabilities), List.copyOf(members));
  }

  private static byte[] capabilities(JsonInput in, List<String> wanted) {
    JsonWriter copy = JsonWriter.compact().beginObject();
    in.beginObject();
    for (String name = in.nextField(); name != null; name = in.nextField()) {
      boolean wants = in.bool();
      copy.member(name, wants);
      if (wants) {
        wanted.add(name);
      }
    }
    return copy.endObject().toByteArray();
  }

  /** Writes it as a configuration has it. */
  void write(JsonWriter out) {
    out.beginObject();
    for (Member member : members) {
      out.name(member.name()).rawValue(member.json());
    }
    out.endObject();
  }

  /**
   * Begins the object that the plugin reads: with what is generated for every operation in the
   * place of what the configuration may say, and all of the plugin's own.
   *
   * @param version the version that is spoken
   * @param network the network's name
   * @return the object, which is still open
   */
  JsonWriter request(CniVersion version, String network) {
    JsonWriter out = JsonWriter.compact().beginObject();
    out.member("cniVersion", version.toString()).member("name", network);
    for (Member member : members) {
      if (!isGenerated(member.name())) {
        out.name(member.name()).rawValue(member.json());
      }
    }
    return out;
  }

  /**
   * Adds what of the caller's knowledge the plugin wants.
   *
   * @param request the object that the plugin reads
   * @param known values by capability, JSON
   */
  void runtimeConfig(JsonWriter request, Map<String, byte[]> known) {
    boolean any = false;
    for (String capability : capabilities) {
      byte @Nullable [] value = known.get(capability);
      if (value != null) {
        if (!any) {
          request.name("runtimeConfig").beginObject();
          any = true;
        }
        request.name(capability).rawValue(value);
      }
    }
    if (any) {
      request.endObject();
    }
  }

  private static boolean isGenerated(String name) {
    return switch (name) {
      case "cniVersion", "name", "capabilities", "runtimeConfig", "prevResult" -> true;
      default -> name.startsWith("cni.dev/");
    };
  }
}
