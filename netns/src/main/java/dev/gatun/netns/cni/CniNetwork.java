package dev.gatun.netns.cni;

import dev.gatun.linux.program.Kernel;
import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.SpecException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A network, as an administrator configured it: a chain of plugins under one name, in a file of a
 * directory such as {@code /etc/cni/net.d}.
 *
 * <p>Nothing of it is done before it is asked for: a pod is attached by {@link #attach} and {@link
 * CniAttachment#add}.
 */
public final class CniNetwork {
  private final String name;
  private final List<CniVersion> versions;
  private final boolean disableCheck;
  private final boolean disableGc;
  private final List<PluginConfig> plugins;
  private final List<String> binDirs;

  private CniNetwork(
      String name,
      List<CniVersion> versions,
      boolean disableCheck,
      boolean disableGc,
      List<PluginConfig> plugins,
      List<String> binDirs) {
    this.name = name;
    this.versions = versions;
    this.disableCheck = disableCheck;
    this.disableGc = disableGc;
    this.plugins = plugins;
    this.binDirs = List.copyOf(binDirs);
    for (String directory : binDirs) {
      if (directory.isEmpty() || directory.indexOf(':') >= 0 || directory.indexOf(0) >= 0) {
        throw new IllegalArgumentException(
            "CNI_PATH cannot hold the directory " + Names.quoted(directory));
      }
    }
  }

  /** An attachment that is in use, for {@link #gc}. */
  public record Attached(String containerId, String ifName) {}

  /**
   * Finds a network by its name. Directories are searched in their order, files in the order of
   * their names, and the first that is of this name wins: {@code .conflist}, a list of plugins, to
   * which the files {@code NAME/*.conf} beside it add more; and {@code .conf} and {@code .json},
   * one plugin.
   *
   * @param kernel where the files are
   * @param name the network's name
   * @param confDirs directories of configurations; one that does not exist is empty
   * @param binDirs directories of plugins
   * @return the network
   * @throws CniException when there is none, naming files that could not be understood
   * @throws SpecException when its configuration is wrong
   */
  public static CniNetwork find(
      Kernel kernel, String name, List<String> confDirs, List<String> binDirs) {
    if (!Names.isName(name)) {
      throw CniException.of(name, Names.quoted(name) + " cannot be the name of a CNI network");
    }
    SpecException unreadable = null;
    for (String directory : confDirs) {
      for (ConfigurationFiles.Text file :
          ConfigurationFiles.read(kernel, directory, ".conflist", ".conf", ".json")) {
        try {
          if (!name.equals(nameIn(file))) {
            continue;
          }
        } catch (SpecException e) {
          unreadable = unreadable == null ? e : unreadable;
          continue;
        }
        if (!file.path().endsWith(".conflist")) {
          return single(file.bytes(), file.path(), binDirs);
        }
        Listed listed = list(file.bytes(), file.path(), binDirs);
        if (listed.onlyInlined()) {
          return listed.network();
        }
        String more = (directory.endsWith("/") ? directory : directory + "/") + name;
        return listed.network().with(ConfigurationFiles.read(kernel, more, ".conf"), file.path());
      }
    }
    StringBuilder text = new StringBuilder("there is no CNI network ").append(Names.quoted(name));
    for (int i = 0; i < confDirs.size(); i++) {
      text.append(i == 0 ? " in " : ", ").append(Names.quoted(confDirs.get(i)));
    }
    if (unreadable != null) {
      text.append("; ").append(unreadable.getMessage());
    }
    throw new CniException(text.toString(), name, null, 0, unreadable);
  }

  /** The name of the network that a file is of; null when it has none. */
  private static @Nullable String nameIn(ConfigurationFiles.Text file) {
    String name = null;
    JsonInput in = new JsonInput(file.bytes(), file.path());
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      if (field.equals("name")) {
        name = in.string();
      } else {
        in.skipUnknown();
      }
    }
    in.end();
    return name;
  }

  /**
   * Reads the configuration of a network, which must have its plugins in it.
   *
   * @param conflist the contents of a {@code .conflist} file
   * @param fileName what messages call it
   * @param binDirs directories of plugins
   * @return the network
   * @throws SpecException when the configuration is wrong
   */
  public static CniNetwork parse(byte[] conflist, String fileName, List<String> binDirs) {
    return list(conflist, fileName, binDirs).network().with(List.of(), fileName);
  }

  /** A network whose plugins may be elsewhere too. */
  private record Listed(CniNetwork network, boolean onlyInlined) {}

  private static Listed list(byte[] conflist, String fileName, List<String> binDirs) {
    JsonInput in = new JsonInput(conflist, fileName);
    Listed listed = list(in, binDirs);
    in.end();
    return listed;
  }

  private static Listed list(JsonInput in, List<String> binDirs) {
    String name = null;
    Versions versions = new Versions();
    boolean disableCheck = false;
    boolean disableGc = false;
    boolean onlyInlined = false;
    List<PluginConfig> plugins = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "name" -> name = name(in);
        case "cniVersion" -> versions.add(in);
        case "cniVersions" -> versions.addAll(in);
        case "disableCheck" -> disableCheck = truth(in);
        case "disableGC" -> disableGc = truth(in);
        case "loadOnlyInlinedPlugins" -> onlyInlined = truth(in);
        case "plugins" -> {
          plugins = new ArrayList<>();
          in.beginArray("plugins");
          while (in.nextElement()) {
            plugins.add(PluginConfig.read(in));
          }
          if (plugins.isEmpty()) {
            throw in.error("a network without plugins");
          }
        }
        default -> in.skipUnknown();
      }
    }
    if (name == null) {
      throw in.missing("name");
    }
    if (plugins == null && onlyInlined) {
      throw in.missing("plugins");
    }
    return new Listed(
        new CniNetwork(
            name,
            versions.spoken(in),
            disableCheck,
            disableGc,
            plugins == null ? List.of() : List.copyOf(plugins),
            binDirs),
        onlyInlined);
  }

  /** A file with one plugin, as there were before 1.0.0. */
  private static CniNetwork single(byte[] conf, String fileName, List<String> binDirs) {
    JsonInput in = new JsonInput(conf, fileName);
    String name = null;
    Versions versions = new Versions();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "name" -> name = name(in);
        case "cniVersion" -> versions.add(in);
        case "cniVersions" -> versions.addAll(in);
        default -> in.skipUnknown();
      }
    }
    if (name == null) {
      throw in.missing("name");
    }
    List<CniVersion> spoken = versions.spoken(in);
    in.end();
    JsonInput plugin = new JsonInput(conf, fileName);
    return new CniNetwork(name, spoken, false, false, List.of(PluginConfig.read(plugin)), binDirs);
  }

  /** This network with the plugins of more files behind its own. */
  private CniNetwork with(List<ConfigurationFiles.Text> files, String fileName) {
    List<PluginConfig> all = new ArrayList<>(plugins);
    for (ConfigurationFiles.Text file : files) {
      JsonInput in = new JsonInput(file.bytes(), file.path());
      all.add(PluginConfig.read(in));
      in.end();
    }
    if (all.isEmpty()) {
      throw new SpecException(fileName, 0, 0, "", "a network without plugins");
    }
    return new CniNetwork(name, versions, disableCheck, disableGc, List.copyOf(all), binDirs);
  }

  private static String name(JsonInput in) {
    String name = in.string();
    if (!Names.isName(name)) {
      throw in.error(
          "expected letters, digits, and behind the first _ . -, found " + Names.quoted(name));
    }
    return name;
  }

  /** A boolean; some write it as a string. */
  private static boolean truth(JsonInput in) {
    String text = new String(in.raw(), StandardCharsets.UTF_8);
    if (text.equals("true") || text.equalsIgnoreCase("\"true\"")) {
      return true;
    }
    if (text.equals("false") || text.equalsIgnoreCase("\"false\"")) {
      return false;
    }
    throw in.error("expected true or false, found " + Names.words(text));
  }

  /** The versions that a configuration names. */
  private static final class Versions {
    private final Set<String> named = new LinkedHashSet<>();

    void add(JsonInput in) {
      String version = in.string();
      if (!Names.isVersion(version)) {
        throw in.error("expected a version such as 1.0.0, found " + Names.quoted(version));
      }
      named.add(version);
    }

    void addAll(JsonInput in) {
      in.beginArray("versions");
      while (in.nextElement()) {
        add(in);
      }
    }

    /** Those that are spoken here, the newest first. */
    List<CniVersion> spoken(JsonInput in) {
      if (named.isEmpty()) {
        throw in.missing("cniVersion");
      }
      List<CniVersion> spoken = new ArrayList<>();
      for (CniVersion version : CniVersion.values()) {
        if (named.contains(version.toString())) {
          spoken.addFirst(version);
        }
      }
      if (spoken.isEmpty()) {
        throw in.error("CNI version " + String.join(", ", named) + ", none of " + CniVersion.all());
      }
      return List.copyOf(spoken);
    }
  }

  /** The network's name. */
  public String name() {
    return name;
  }

  /** Which versions the configuration allows, the newest first; more than none. */
  public List<CniVersion> versions() {
    return versions;
  }

  /** The types of its plugins, in the order in which they attach a pod. */
  public List<String> plugins() {
    List<String> types = new ArrayList<>(plugins.size());
    for (PluginConfig plugin : plugins) {
      types.add(plugin.type());
    }
    return List.copyOf(types);
  }

  List<PluginConfig> configs() {
    return plugins;
  }

  List<String> binDirs() {
    return binDirs;
  }

  boolean disablesCheck() {
    return disableCheck;
  }

  /**
   * Prepares to attach a pod. Nothing is attached yet, so that the attachment can be written down
   * before {@link CniAttachment#add} is called: whoever finds it written can detach the pod,
   * however far that came.
   *
   * <p>Where the configuration allows several versions, plugins are asked which ones they know.
   *
   * @param runner runs plugins
   * @param containerId the pod's id
   * @param netns the path of the pod's network namespace
   * @param ifName the interface's name in the pod
   * @param arguments what plugins are told of it
   * @return the attachment
   * @throws CniException when a name cannot be used with CNI, when no plugin does what is asked
   *     for, or when plugins and configuration have no version in common
   */
  public CniAttachment attach(
      PluginRunner runner,
      String containerId,
      String netns,
      String ifName,
      CniArguments arguments) {
    String operation = operation("add", containerId, "to");
    if (!Names.isName(containerId)) {
      throw CniException.of(
          name, operation + ": CNI wants an id of letters, digits, and behind the first _ . -");
    }
    if (!Names.isInterface(ifName)) {
      throw CniException.of(
          name, operation + ": " + Names.quoted(ifName) + " cannot be an interface's name");
    }
    for (String capability : arguments.required()) {
      boolean taken = false;
      for (PluginConfig plugin : plugins) {
        taken |= plugin.capabilities().contains(capability);
      }
      if (!taken) {
        throw CniException.of(
            name, operation + ": none of its plugins has the capability " + capability);
      }
    }
    return new CniAttachment(
        this, negotiate(runner, operation), containerId, netns, ifName, arguments, null);
  }

  String operation(String verb, String containerId, String preposition) {
    return verb
        + " "
        + Names.quoted(containerId)
        + " "
        + preposition
        + " CNI network "
        + Names.quoted(name);
  }

  /** The newest version that the configuration and all plugins know. */
  private CniVersion negotiate(PluginRunner runner, String operation) {
    if (versions.size() == 1) {
      return versions.getFirst();
    }
    Set<String> common = new LinkedHashSet<>();
    for (CniVersion version : versions) {
      common.add(version.toString());
    }
    for (String plugin : new LinkedHashSet<>(plugins())) {
      PluginCall call =
          new PluginCall(runner, binDirs, name, Command.VERSION, operation, List.of());
      byte[] request =
          JsonWriter.compact()
              .beginObject()
              .member("cniVersion", versions.getFirst().toString())
              .endObject()
              .toByteArray();
      byte[] answer = call.run(plugin, request);
      try {
        common.retainAll(supported(answer, call.answer()));
      } catch (SpecException e) {
        throw call.garbled(plugin, e);
      }
    }
    for (CniVersion version : versions) {
      if (common.contains(version.toString())) {
        return version;
      }
    }
    throw CniException.of(
        name, operation + ": its plugins have none of its CNI versions in common");
  }

  /** Reads the answer to VERSION. */
  static List<String> supported(byte[] answer, String fileName) {
    List<String> versions = null;
    JsonInput in = new JsonInput(answer, fileName);
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      if (field.equals("supportedVersions")) {
        versions = in.strings();
      } else {
        in.skipUnknown();
      }
    }
    if (versions == null) {
      throw in.missing("supportedVersions");
    }
    in.end();
    return versions;
  }

  /**
   * Lets plugins free what belongs to no attachment any more. All are asked, also when some fail.
   * No pod may be attached or detached meanwhile.
   *
   * @param runner runs plugins
   * @param valid all attachments to this network that are in use
   * @throws CniException the first failure, with the others suppressed in it; and where none was
   *     asked, since the configuration forbids it or there is no common version from 1.1.0 on
   */
  public void gc(PluginRunner runner, List<Attached> valid) {
    String operation = "clean up CNI network " + Names.quoted(name);
    if (disableGc) {
      throw CniException.of(name, operation + ": its configuration forbids it (disableGC)");
    }
    if (!versions.getFirst().hasGc()) {
      throw withoutGc(operation, "its configuration is of", versions.getFirst());
    }
    CniVersion version = negotiate(runner, operation);
    if (!version.hasGc()) {
      throw withoutGc(operation, "not all of its plugins know more than", version);
    }
    JsonWriter list = JsonWriter.compact().beginArray();
    for (Attached one : valid) {
      list.beginObject();
      list.member("containerID", one.containerId()).member("ifname", one.ifName());
      list.endObject();
    }
    byte[] attachments = list.endArray().toByteArray();
    PluginCall call = new PluginCall(runner, binDirs, name, Command.GC, operation, List.of());
    CniException failure = null;
    for (PluginConfig plugin : plugins) {
      JsonWriter request = plugin.request(version, name);
      request.name("cni.dev/valid-attachments").rawValue(attachments);
      // What early plugins of 1.1 look for: finding nothing, they would free everything.
      request.name("cni.dev/attachments").rawValue(attachments);
      try {
        call.run(plugin.type(), request.endObject().toByteArray());
      } catch (CniException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private CniException withoutGc(String operation, String which, CniVersion version) {
    return CniException.of(
        name,
        operation + ": " + which + " CNI " + version + ", and GC came with " + CniVersion.V1_1_0);
  }

  /**
   * Asks plugins whether they could attach a pod now.
   *
   * @param runner runs plugins
   * @return whether plugins were asked; not where the configuration knows no version from 1.1.0 on
   * @throws CniException the first failure: code 50 or 51 from one that is not ready
   */
  public boolean status(PluginRunner runner) {
    String operation = "ask CNI network " + Names.quoted(name) + " for its status";
    if (!versions.getFirst().hasGc()) {
      return false;
    }
    CniVersion version = negotiate(runner, operation);
    if (!version.hasGc()) {
      return false;
    }
    PluginCall call = new PluginCall(runner, binDirs, name, Command.STATUS, operation, List.of());
    for (PluginConfig plugin : plugins) {
      call.run(plugin.type(), plugin.request(version, name).endObject().toByteArray());
    }
    return true;
  }

  /**
   * Writes the network with all its plugins, to be read by {@link #read}.
   *
   * @param out takes a configuration in the form of a {@code .conflist} file
   */
  void write(JsonWriter out) {
    out.beginObject().name("cniVersions").beginArray();
    for (CniVersion version : versions) {
      out.value(version.toString());
    }
    out.endArray().member("name", name);
    out.member("disableCheck", disableCheck).member("disableGC", disableGc);
    out.member("loadOnlyInlinedPlugins", true).name("plugins").beginArray();
    for (PluginConfig plugin : plugins) {
      plugin.write(out);
    }
    out.endArray().endObject();
  }

  /** Reads what {@link #write} wrote. */
  static CniNetwork read(JsonInput in, List<String> binDirs) {
    return list(in, binDirs).network();
  }
}
