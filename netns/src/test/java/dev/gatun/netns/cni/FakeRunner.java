package dev.gatun.netns.cni;

import dev.gatun.linux.Errno;
import dev.gatun.netns.cni.PluginRunner.Ending.Exited;
import dev.gatun.netns.cni.PluginRunner.Ending.NotExecuted;
import dev.gatun.oci.JsonInput;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Runs plugins that are functions, and remembers what they were asked. */
final class FakeRunner implements PluginRunner {
  /** Every run, in the order in which they came; those of files that do not exist are left out. */
  final List<Call> calls = new ArrayList<>();

  private final Map<String, Function<Call, Ending>> files = new HashMap<>();

  /** One run of a plugin. */
  record Call(String path, Map<String, String> environment, String input) {
    String command() {
      return environment.getOrDefault("CNI_COMMAND", "none");
    }

    String plugin() {
      return path.substring(path.lastIndexOf('/') + 1);
    }

    /** One property of what the plugin read, as it was written; "" when there is none. */
    String asked(String name) {
      return members(input).getOrDefault(name, "");
    }

    @Override
    public String toString() {
      return command() + " " + plugin();
    }
  }

  /** The properties of an object, as they are written. */
  static Map<String, String> members(String json) {
    Map<String, String> members = new LinkedHashMap<>();
    JsonInput in = new JsonInput(json.getBytes(StandardCharsets.UTF_8), "json");
    in.beginObject();
    for (String name = in.nextEntry(); name != null; name = in.nextEntry()) {
      members.put(name, new String(in.raw(), StandardCharsets.UTF_8));
    }
    in.end();
    return members;
  }

  /** What an exception says. */
  static String message(Throwable e) {
    return String.valueOf(e.getMessage());
  }

  /** Puts a plugin somewhere. */
  FakeRunner with(String path, Function<Call, Ending> plugin) {
    files.put(path, plugin);
    return this;
  }

  /** A plugin that answers every question with the same text. */
  static Function<Call, Ending> answering(String output) {
    return call -> exited(0, output, "");
  }

  static Ending exited(int status, String output, String errors) {
    return new Exited(
        status, output.getBytes(StandardCharsets.UTF_8), errors.getBytes(StandardCharsets.UTF_8));
  }

  List<String> log() {
    return calls.stream().map(Call::toString).toList();
  }

  @Override
  public Ending run(String path, List<String> environment, byte[] input) {
    Function<Call, Ending> plugin = files.get(path);
    if (plugin == null) {
      return new NotExecuted(Errno.ENOENT);
    }
    Map<String, String> variables = new LinkedHashMap<>();
    for (String variable : environment) {
      int equals = variable.indexOf('=');
      variables.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    Call call = new Call(path, variables, new String(input, StandardCharsets.UTF_8));
    calls.add(call);
    return plugin.apply(call);
  }
}
