package dev.gatun.tests;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A bundle with a busybox root file system of its own and the config that {@code runc spec} wrote,
 * without its terminal.
 */
final class Bundle {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final class Template {
    private static final ObjectNode CONFIG = generate();

    private static ObjectNode generate() {
      try {
        Path directory = Files.createTempDirectory("gatun-tests-spec-");
        try {
          Host.run(OciRuntime.RUNC.binary().toString(), "spec", "--bundle", directory.toString());
          ObjectNode config = object(directory.resolve("config.json"));
          ((ObjectNode) config.get("process")).put("terminal", false);
          return config;
        } finally {
          Host.run("rm", "-r", directory.toString());
        }
      } catch (IOException e) {
        throw new AssertionError("cannot write a config with runc spec", e);
      }
    }
  }

  private final Path directory;
  private final ObjectNode config = Template.CONFIG.deepCopy();

  Bundle(Path directory) {
    this.directory = directory;
    try {
      RootfsCache.busybox(Files.createDirectories(directory.resolve("rootfs")));
    } catch (IOException e) {
      throw new AssertionError("cannot make a bundle in " + directory, e);
    }
  }

  private static ObjectNode object(Path file) throws IOException {
    return (ObjectNode) JSON.readTree(Files.readString(file));
  }

  /** A JSON value written with single quotes, which Java need not escape. */
  static JsonNode json(String text) {
    try {
      return JSON.readTree(text.replace('\'', '"'));
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }

  Path directory() {
    return directory;
  }

  Path rootfs() {
    return directory.resolve("rootfs");
  }

  ObjectNode config() {
    return config;
  }

  /** Writes {@code config.json} as it stands and returns the bundle's path. */
  String write() {
    return write(config.toString());
  }

  /** Writes any text in place of the config. */
  String write(String text) {
    try {
      Files.writeString(directory.resolve("config.json"), text);
    } catch (IOException e) {
      throw new AssertionError("cannot write the config", e);
    }
    return directory.toString();
  }

  Bundle args(String... args) {
    ArrayNode array = JSON.createArrayNode();
    List.of(args).forEach(array::add);
    return set("/process/args", array);
  }

  /** A shell script as the container's process, with the shell as PID 1. */
  Bundle script(String script) {
    return args("/bin/sh", "-c", script);
  }

  /** Sets the member that a JSON pointer names; the objects on its way are made when missing. */
  Bundle set(String pointer, JsonNode value) {
    String[] names = pointer.split("/", -1);
    ObjectNode parent = config;
    for (int i = 1; i < names.length - 1; i++) {
      JsonNode child = parent.get(names[i]);
      parent = child instanceof ObjectNode object ? object : parent.putObject(names[i]);
    }
    parent.set(names[names.length - 1], value);
    return this;
  }

  /** The same with JSON text, single-quoted: {@code set("/hostname", "'lock'")}. */
  Bundle set(String pointer, String json) {
    return set(pointer, json(json));
  }

  Bundle remove(String pointer) {
    int slash = pointer.lastIndexOf('/');
    ((ObjectNode) config.at(pointer.substring(0, slash))).remove(pointer.substring(slash + 1));
    return this;
  }

  Bundle env(String name, String value) {
    ((ArrayNode) config.at("/process/env")).add(name + "=" + value);
    return this;
  }

  ArrayNode mounts() {
    return (ArrayNode) config.get("mounts");
  }

  /** Adds a mount at the end; its number in the config is {@code mounts().size() - 1} then. */
  Bundle mount(String destination, String type, Object source, String... options) {
    ObjectNode mount =
        mounts()
            .addObject()
            .put("destination", destination)
            .put("type", type)
            .put("source", source.toString());
    ArrayNode list = mount.putArray("options");
    List.of(options).forEach(list::add);
    return this;
  }

  /** Sets a member of a mount, by its number in the config. */
  Bundle setMount(int number, String name, String json) {
    ((ObjectNode) mounts().get(number)).set(name, json(json));
    return this;
  }

  Bundle bind(Path source, String destination, String... options) {
    mount(destination, "bind", source, options);
    ((ArrayNode) mounts().get(mounts().size() - 1).get("options")).add("rbind");
    return this;
  }

  Bundle removeMount(String destination) {
    for (int i = 0; i < mounts().size(); i++) {
      if (mounts().get(i).get("destination").asText().equals(destination)) {
        mounts().remove(i);
        return this;
      }
    }
    throw new AssertionError("no mount on " + destination);
  }

  /** Gives a namespace a path to join, adding the namespace when the config lacks it. */
  Bundle join(String type, String path) {
    removeNamespace(type);
    namespaces().addObject().put("type", type).put("path", path);
    return this;
  }

  Bundle removeNamespace(String type) {
    for (int i = namespaces().size() - 1; i >= 0; i--) {
      if (namespaces().get(i).get("type").asText().equals(type)) {
        namespaces().remove(i);
      }
    }
    return this;
  }

  ArrayNode namespaces() {
    return (ArrayNode) config.at("/linux/namespaces");
  }

  Bundle writable() {
    return set("/root/readonly", "false");
  }

  /** Writes a file of the root file system, with directories on its way. */
  Path file(String path, String content, String mode) {
    Path file = rootfs().resolve(path);
    try {
      Files.createDirectories(file.resolveSibling("."));
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new AssertionError("cannot write " + file, e);
    }
    Host.run("chmod", mode, file.toString());
    return file;
  }

  Path makeDirectory(String path) {
    try {
      return Files.createDirectories(rootfs().resolve(path));
    } catch (IOException e) {
      throw new AssertionError("cannot make " + path, e);
    }
  }

  /** Makes a symbolic link in the root file system. */
  Bundle symlink(String path, String target) {
    try {
      Files.createSymbolicLink(rootfs().resolve(path), Path.of(target));
    } catch (IOException e) {
      throw new AssertionError("cannot link " + path, e);
    }
    return this;
  }
}
