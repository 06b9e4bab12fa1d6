package dev.gatun.netns.cni;

import dev.gatun.linux.Errno;
import dev.gatun.netns.cni.PluginRunner.Ending;
import dev.gatun.oci.JsonInput;
import dev.gatun.oci.SpecException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One operation on a network: its plugins are run with the same environment, and each way in which
 * one can fail becomes one sentence.
 */
final class PluginCall {
  private final PluginRunner runner;
  private final List<String> binDirs;
  private final String network;
  private final Command command;
  private final String operation;
  private final List<String> environment;

  /**
   * Begins.
   *
   * @param runner runs plugins
   * @param binDirs where their files may be
   * @param network the network's name
   * @param command what they are asked to do
   * @param operation how messages begin
   * @param attachment the part of the environment that tells of an attachment
   */
  PluginCall(
      PluginRunner runner,
      List<String> binDirs,
      String network,
      Command command,
      String operation,
      List<String> attachment) {
    this.runner = runner;
    this.binDirs = binDirs;
    this.network = network;
    this.command = command;
    this.operation = operation;
    environment = new ArrayList<>(attachment.size() + 2);
    environment.add("CNI_COMMAND=" + command.name());
    environment.addAll(attachment);
    environment.add("CNI_PATH=" + String.join(":", binDirs));
  }

  /** How messages about it begin. */
  String operation() {
    return operation;
  }

  /**
   * Runs a plugin.
   *
   * @param plugin its type
   * @param request what it reads
   * @return what it wrote
   * @throws CniException when it failed, or is not there
   */
  byte[] run(String plugin, byte[] request) {
    for (String directory : binDirs) {
      String path = directory.endsWith("/") ? directory + plugin : directory + "/" + plugin;
      switch (runner.run(path, environment, request)) {
        case Ending.NotExecuted(int errno) -> {
          if (errno != Errno.ENOENT && errno != Errno.ENOTDIR) {
            throw failure(
                plugin,
                "execute "
                    + Names.quoted(path)
                    + ": "
                    + Errno.name(errno)
                    + " ("
                    + Errno.message(errno)
                    + ")");
          }
        }
        case Ending.Exited(int status, byte[] output, byte[] errors) -> {
          if (status == 0) {
            return output;
          }
          throw exited(plugin, status, output, errors);
        }
        case Ending.Killed(int signal, byte[] errors) ->
            throw failure(plugin, "it was ended by signal " + signal + written(errors));
        case Ending.TimedOut(int seconds, byte[] errors) ->
            throw failure(
                plugin,
                "it had not ended after "
                    + seconds
                    + (seconds == 1 ? " second" : " seconds")
                    + ", and was killed"
                    + written(errors));
        case Ending.TooMuch(int bytes) ->
            throw failure(plugin, "it wrote more than " + bytes + " bytes, and was killed");
      }
    }
    StringBuilder places = new StringBuilder();
    for (String directory : binDirs) {
      places.append(places.isEmpty() ? "" : ", ").append(Names.quoted(directory));
    }
    throw failure(plugin, "there is no such file in " + places).ofAbsent();
  }

  /** One that exited with another status than 0: it should have said why in JSON. */
  private CniException exited(String plugin, int status, byte[] output, byte[] errors) {
    Report report = Report.read(output);
    if (report == null) {
      byte[] said = Names.words(errors).isEmpty() ? output : errors;
      return failure(plugin, "exit status " + status + written(said));
    }
    StringBuilder text = new StringBuilder(Names.words(report.msg));
    String details = Names.words(report.details);
    if (!details.isEmpty()) {
      text.append(text.isEmpty() ? "" : ": ").append(details);
    }
    String meaning = meaning(report.code);
    if (text.isEmpty()) {
      text.append("exit status ").append(status).append(written(errors));
    }
    text.append(" (code ").append(report.code);
    if (!meaning.isEmpty()) {
      text.append(", ").append(meaning);
    }
    return failure(plugin, text.append(')').toString(), report.code, null);
  }

  /** What the specification says of a code; those from 100 on are the plugins' own. */
  static String meaning(int code) {
    return switch (code) {
      case 1 -> "incompatible CNI version";
      case 2 -> "unsupported field in the network configuration";
      case CniException.UNKNOWN_CONTAINER -> "unknown container";
      case 4 -> "invalid environment variables";
      case 5 -> "I/O failure";
      case 6 -> "failed to decode content";
      case 7 -> "invalid network configuration";
      case CniException.TRY_AGAIN_LATER -> "try again later";
      case 50 -> "the plugin is not available";
      case 51 -> "the plugin is not available, and pods have limited connectivity";
      default -> "";
    };
  }

  private static String written(byte[] output) {
    String said = Names.words(output);
    return said.isEmpty() ? "" : ", having written: " + said;
  }

  /** An answer that is not what the protocol wants. */
  CniException garbled(String plugin, SpecException cause) {
    return failure(plugin, "it did not answer as a CNI plugin: " + cause.getMessage(), 0, cause);
  }

  CniException failure(String plugin, String problem) {
    return failure(plugin, problem, 0, null);
  }

  private CniException failure(String plugin, String problem, int code, @Nullable Throwable cause) {
    return new CniException(
        operation + ": plugin " + Names.quoted(plugin) + ": " + problem,
        network,
        plugin,
        code,
        cause);
  }

  /** What an answer is called in messages about it. */
  String answer() {
    return command + " answer";
  }

  /** The error object of the specification. */
  private record Report(int code, @Nullable String msg, @Nullable String details) {

    /** Reads one; null when it is none. */
    static @Nullable Report read(byte[] output) {
      try {
        JsonInput in = new JsonInput(output, "error");
        int code = 0;
        String msg = null;
        String details = null;
        in.beginObject();
        for (String name = in.nextField(); name != null; name = in.nextField()) {
          switch (name) {
            case "code" -> code = in.int32();
            case "msg" -> msg = in.string();
            case "details" -> details = in.string();
            default -> in.skipUnknown();
          }
        }
        in.end();
        return code == 0 && msg == null ? null : new Report(code, msg, details);
      } catch (SpecException e) {
        // Not JSON, or not that: what it wrote is told as it is.
        return null;
      }
    }
  }
}
