package dev.gatun.oci;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One broken rule a row; {@code '} stands for a quotation mark in the documents. */
class SpecValidatorTest {
  private static final String ROOT = "'root':{'path':'rootfs'}";

  private static void refused(String json, String pointer, String problem) {
    byte[] utf8 = utf8(json);
    // the document itself is readable: only the rule stands against it
    assertDoesNotThrow(() -> SpecReader.read(utf8, "config.json"), json);
    SpecException e =
        assertThrows(SpecException.class, () -> SpecReader.readValid(utf8, "config.json"), json);
    assertEquals(pointer, e.pointer(), json);
    assertEquals(problem, e.problem(), json);
    assertEquals(1, e.line());
    assertTrue(e.column() > 0);
  }

  private static void accepted(String json) {
    assertDoesNotThrow(() -> SpecReader.readValid(utf8(json), "config.json"), json);
  }

  private static byte[] utf8(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({"1.0.0", "1.3.0", "1.0.2-dev", "1.1.0+dev", "1.2.0-rc.1+a.0-1", "1.99.123"})
  void versions(String version) {
    accepted("{'ociVersion':'" + version + "'," + ROOT + "}");
  }

  @ParameterizedTest
  @CsvSource({
    "2.0.0",
    "0.9.0",
    "1",
    "1.0",
    "1.0.",
    "1.0.x",
    "1.00.0",
    "1.0.01",
    "1.0.0-",
    "1.0.0-01",
    "1.0.0+",
    "1.0.0-a..b",
    "'1.0.0 '",
    "v1.0.0",
    "1.0.0.0",
    "11.0.0"
  })
  void versionsThatAreNone(String version) {
    refused(
        "{'ociVersion':'" + version + "'," + ROOT + "}",
        "/ociVersion",
        "expected a version 1.x.y of the specification, found \"" + version + "\"");
  }

  @Test
  void root() {
    refused("{'ociVersion':'1.0.0'}", "", "missing property \"root\"");
    refused("{'ociVersion':'1.0.0','root':{'path':''}}", "/root/path", "the path is empty");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'hostname':'h' | /hostname | needs a uts namespace in /linux/namespaces",
        "'domainname':'h' | /domainname | needs a uts namespace in /linux/namespaces",
        "'mounts':[{'destination':'/a'},{'destination':''}] | /mounts/1/destination | the path is"
            + " empty",
        "'mounts':[{'destination':'/a','uidMappings':[{'containerID':0,'hostID':0,'size':1}]}] |"
            + " /mounts/0 | uidMappings and gidMappings need each other",
        "'mounts':[{'destination':'/a','gidMappings':[{'containerID':0,'hostID':0,'size':1}]}] |"
            + " /mounts/0 | uidMappings and gidMappings need each other",
        "'mounts':[{'destination':'/a','uidMappings':[{'containerID':0,'hostID':0,'size':0}],"
            + "'gidMappings':[{'containerID':0,'hostID':0,'size':1}]}] |"
            + " /mounts/0/uidMappings/0/size | the size is 0",
        "'mounts':[{'destination':'/a','uidMappings':[{'containerID':0,'hostID':0,'size':1}],"
            + "'gidMappings':[{'containerID':1,'hostID':0,'size':4294967295},"
            + "{'containerID':0,'hostID':2,'size':4294967295}]}] |"
            + " /mounts/0/gidMappings/1 | the range goes beyond 4294967295",
        "'mounts':[{'destination':'/a','options':['ro','idmap']}] | /mounts/0/options/1 | idmap"
            + " needs uidMappings and gidMappings, or a user namespace",
        "'mounts':[{'destination':'/a','options':['ridmap']}] | /mounts/0/options/0 | ridmap needs"
            + " uidMappings and gidMappings, or a user namespace",
        "'annotations':{'a':'','':'b'} | /annotations | a name is empty",
        "'hooks':{'prestart':[{'path':'x'}]} | /hooks/prestart/0/path | expected an absolute path,"
            + " found \"x\"",
        "'hooks':{'createRuntime':[{'path':'x'}]} | /hooks/createRuntime/0/path | expected an"
            + " absolute path, found \"x\"",
        "'hooks':{'createContainer':[{'path':'x'}]} | /hooks/createContainer/0/path | expected an"
            + " absolute path, found \"x\"",
        "'hooks':{'startContainer':[{'path':'x'}]} | /hooks/startContainer/0/path | expected an"
            + " absolute path, found \"x\"",
        "'hooks':{'poststart':[{'path':'/a'},{'path':''}]} | /hooks/poststart/1/path | expected an"
            + " absolute path, found \"\"",
        "'hooks':{'poststop':[{'path':'/a','timeout':0}]} | /hooks/poststop/0/timeout | expected a"
            + " number of seconds above 0, found 0",
      })
  void document(String property, String pointer, String problem) {
    refused("{'ociVersion':'1.0.0'," + ROOT + "," + property + "}", pointer, problem);
  }

  @Test
  void documentsThatKeepTheRules() {
    accepted("{'ociVersion':'1.0.0'," + ROOT + ",'mounts':[{'destination':'relative/is/old'}]}");
    accepted(
        "{'ociVersion':'1.0.0',"
            + ROOT
            + ",'hostname':'h','linux':{'namespaces':[{'type':'uts'},{'type':'user'}]},"
            + "'mounts':[{'destination':'/a','options':['idmap']}]}");
    refused(
        "{'ociVersion':'1.0.0',"
            + ROOT
            + ",'hostname':'"
            + "h".repeat(65)
            + "','linux':{'namespaces':[{'type':'uts'}]}}",
        "/hostname",
        "longer than 64 characters");
    accepted(
        "{'ociVersion':'1.0.0'," + ROOT + ",'hooks':{'poststop':[{'path':'/a','timeout':1}]}}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'args':[] | /args | at least one entry is needed",
        "'cwd':'tmp' | /cwd | expected an absolute path, found \"tmp\"",
        "'user':{'uid':0,'gid':0,'umask':512} | /user/umask | expected 0 to 511, found 512",
        "'env':['A=','B'] | /env/1 | expected NAME=value, found \"B\"",
        "'env':['=b'] | /env/0 | expected NAME=value, found \"=b\"",
        "'terminal':true,'consoleSize':{'height':65536,'width':1} | /consoleSize/height | expected 0"
            + " to 65535, found 65536",
        "'terminal':true,'consoleSize':{'height':1,'width':18446744073709551615} |"
            + " /consoleSize/width | expected 0 to 65535, found 18446744073709551615",
        "'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1},{'type':'RLIMIT_CPU','soft':1,'hard':1}]"
            + " | /rlimits/1 | RLIMIT_CPU is listed twice",
        "'rlimits':[{'type':'RLIMIT_CPU','soft':18446744073709551615,'hard':1}] | /rlimits/0 | the"
            + " soft limit 18446744073709551615 is above the hard limit 1",
        "'oomScoreAdj':-1001 | /oomScoreAdj | expected -1000 to 1000, found -1001",
        "'oomScoreAdj':1001 | /oomScoreAdj | expected -1000 to 1000, found 1001",
        "'scheduler':{'policy':'SCHED_ISO'} | /scheduler/policy | SCHED_ISO is reserved and in no"
            + " kernel",
        "'scheduler':{'policy':'SCHED_OTHER','nice':20} | /scheduler/nice | expected -20 to 19, found"
            + " 20",
        "'scheduler':{'policy':'SCHED_OTHER','nice':-21} | /scheduler/nice | expected -20 to 19,"
            + " found -21",
        "'scheduler':{'policy':'SCHED_FIFO'} | /scheduler | SCHED_FIFO needs a priority from 1 to 99,"
            + " found 0",
        "'scheduler':{'policy':'SCHED_RR','priority':100} | /scheduler/priority | SCHED_RR needs a"
            + " priority from 1 to 99, found 100",
        "'scheduler':{'policy':'SCHED_BATCH','priority':1} | /scheduler/priority | only SCHED_FIFO"
            + " and SCHED_RR have a priority",
        "'scheduler':{'policy':'SCHED_DEADLINE','runtime':2,'deadline':1,'period':3} | /scheduler |"
            + " SCHED_DEADLINE needs 0 < runtime <= deadline <= period",
        "'scheduler':{'policy':'SCHED_DEADLINE','runtime':1,'deadline':4,'period':3} | /scheduler |"
            + " SCHED_DEADLINE needs 0 < runtime <= deadline <= period",
        "'scheduler':{'policy':'SCHED_DEADLINE'} | /scheduler | SCHED_DEADLINE needs 0 < runtime <="
            + " deadline <= period",
        "'scheduler':{'policy':'SCHED_OTHER','runtime':1} | /scheduler | only SCHED_DEADLINE has"
            + " runtime, deadline and period",
        "'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8} | /ioPriority/priority | expected 0 to"
            + " 7, found 8",
        "'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':-1} | /ioPriority/priority | expected 0"
            + " to 7, found -1",
        "'execCPUAffinity':{'initial':'0-'} | /execCPUAffinity/initial | expected a list such as"
            + " 0-3,7, found \"0-\"",
        "'execCPUAffinity':{'final':'3-1'} | /execCPUAffinity/final | expected a list such as 0-3,7,"
            + " found \"3-1\"",
      })
  void process(String property, @org.jspecify.annotations.Nullable String place, String problem) {
    String pointer = place == null ? "" : place;
    String json =
        "{" + property + rest(property, "'args'", "['a']") + rest(property, "'cwd'", "'/'");
    // where a property is missing, the nearest value around it is named
    String expected =
        pointer.equals("/scheduler") && problem.contains("priority from")
            ? "/scheduler/priority"
            : pointer;
    refused(
        "{'ociVersion':'1.0.0'," + ROOT + ",'process':" + json + "}}",
        "/process" + expected,
        problem);
    // and the same as a document of its own
    SpecException e =
        assertThrows(
            SpecException.class, () -> SpecReader.readValidProcess(utf8(json + "}"), "process"));
    assertEquals(expected + ": " + problem, e.pointer() + ": " + e.problem());
    assertEquals(1, e.line());
  }

  private static String rest(String property, String name, String value) {
    return property.startsWith(name) ? "" : "," + name + ":" + value;
  }

  @Test
  void processesThatKeepTheRules() {
    for (String property :
        new String[] {
          "'consoleSize':{'height':65536,'width':1}",
          "'oomScoreAdj':-1000",
          "'oomScoreAdj':1000",
          "'env':['A=','B==c']",
          "'user':{'uid':4294967295,'gid':0,'umask':511}",
          "'scheduler':{'policy':'SCHED_RR','priority':99}",
          "'scheduler':{'policy':'SCHED_DEADLINE','runtime':1,'deadline':2}",
          "'scheduler':{'policy':'SCHED_IDLE','nice':-20}",
          "'ioPriority':{'class':'IOPRIO_CLASS_IDLE','priority':7}",
          "'execCPUAffinity':{'initial':'0-3,7, 9 - 10','final':'1'}",
          "'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':18446744073709551615}]",
        }) {
      accepted(
          "{'ociVersion':'1.0.0'," + ROOT + ",'process':{'args':[''],'cwd':'/'," + property + "}}");
    }
  }

  private static final String ALL =
      "'namespaces':[{'type':'ipc'},{'type':'uts'},{'type':'network'},{'type':'user'},"
          + "{'type':'time'}]";
  private static final String ID = "[{'containerID':0,'hostID':1,'size':1}]";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'namespaces':[{'type':'pid'},{'type':'ipc'},{'type':'pid','path':'/p'}] | /namespaces/2 | a"
            + " pid namespace is listed twice",
        "'namespaces':[{'type':'pid','path':'p'}] | /namespaces/0/path | expected an absolute path,"
            + " found \"p\"",
        "'uidMappings':ID | /uidMappings | needs a user namespace in /linux/namespaces",
        "'gidMappings':ID | /gidMappings | needs a user namespace in /linux/namespaces",
        "NS,'gidMappings':ID | | uidMappings and gidMappings need each other",
        "NS,'uidMappings':[{'containerID':0,'hostID':4294967295,'size':2}],'gidMappings':ID |"
            + " /uidMappings/0 | the range goes beyond 4294967295",
        "NS,'gidMappings':[{'containerID':0,'hostID':4294967295,'size':0}],'uidMappings':ID |"
            + " /gidMappings/0/size | the size is 0",
        "'timeOffsets':{'boottime':{'secs':1}} | /timeOffsets | needs a new time namespace in"
            + " /linux/namespaces",
        "'namespaces':[{'type':'time','path':'/t'}],'timeOffsets':{'boottime':{'secs':1}} |"
            + " /timeOffsets | needs a new time namespace in /linux/namespaces",
        "NS,'timeOffsets':{'monotonic':{'nanosecs':1000000000}} | /timeOffsets/monotonic/nanosecs |"
            + " expected less than a second, found 1000000000",
        "'sysctl':{'net.ipv4.ip_forward':'1'} | /sysctl/net.ipv4.ip_forward | needs a network"
            + " namespace in /linux/namespaces",
        "'sysctl':{'net/ipv4/ip_forward':'1'} | /sysctl/net~1ipv4~1ip_forward | needs a network"
            + " namespace in /linux/namespaces",
        "'sysctl':{'kernel.shmmax':'1'} | /sysctl/kernel.shmmax | needs a ipc namespace in"
            + " /linux/namespaces",
        "'sysctl':{'fs.mqueue.msg_max':'1'} | /sysctl/fs.mqueue.msg_max | needs a ipc namespace in"
            + " /linux/namespaces",
        "'sysctl':{'kernel.domainname':'1'} | /sysctl/kernel.domainname | needs a uts namespace in"
            + " /linux/namespaces",
        "'sysctl':{'kernel/hostname':'1'} | /sysctl/kernel~1hostname | needs a uts namespace in"
            + " /linux/namespaces",
        "NS,'sysctl':{'kernel.core_pattern':'1'} | /sysctl/kernel.core_pattern | not a parameter of"
            + " a namespace, so it would change the host",
        "NS,'sysctl':{'kernel.shmmaxx':'1'} | /sysctl/kernel.shmmaxx | not a parameter of a"
            + " namespace, so it would change the host",
        "NS,'sysctl':{'net/../kernel/core_pattern':'1'} | /sysctl/net~1..~1kernel~1core_pattern |"
            + " not the name of a kernel parameter: \"net/../kernel/core_pattern\"",
        "NS,'sysctl':{'net.//.kernel.core_pattern':'1'} | /sysctl/net.~1~1.kernel.core_pattern |"
            + " not the name of a kernel parameter: \"net.//.kernel.core_pattern\"",
        "NS,'sysctl':{'net..x':'1'} | /sysctl/net..x | not the name of a kernel parameter:"
            + " \"net..x\"",
        "NS,'sysctl':{'':'1'} | /sysctl/ | not the name of a kernel parameter: \"\"",
        "'cgroupsPath':'/a/../b' | /cgroupsPath | the path contains .., \"/a/../b\"",
        "'cgroupsPath':'..' | /cgroupsPath | the path contains .., \"..\"",
        "'cgroupsPath':'s.slice:..:n' | /cgroupsPath | the path contains .., \"s.slice:..:n\"",
        "'devices':[{'path':'dev/x','type':'p'}] | /devices/0/path | expected an absolute path, found"
            + " \"dev/x\"",
        "'devices':[{'path':'/dev/x','type':'c','minor':1}] | /devices/0 | expected a major number"
            + " from 0 to 4095",
        "'devices':[{'path':'/dev/x','type':'b','major':1}] | /devices/0 | expected a minor number"
            + " from 0 to 1048575",
        "'devices':[{'path':'/dev/x','type':'u','major':4096,'minor':1}] | /devices/0 | expected a"
            + " major number from 0 to 4095",
        "'devices':[{'path':'/dev/x','type':'c','major':1,'minor':1048576}] | /devices/0 | expected a"
            + " minor number from 0 to 1048575",
        "'devices':[{'path':'/dev/x','type':'c','major':-1,'minor':-1}] | /devices/0 | expected a"
            + " major number from 0 to 4095",
        "'netDevices':{'eth0':{}} | /netDevices | needs a network namespace in /linux/namespaces",
        "NS,'netDevices':{'eth/0':{}} | /netDevices | not the name of a network device: \"eth/0\"",
        "NS,'netDevices':{'sixteen-letters-':{}} | /netDevices | not the name of a network device:"
            + " \"sixteen-letters-\"",
        "NS,'netDevices':{'eth0':{'name':'..'}} | /netDevices/eth0/name | not the name of a network"
            + " device: \"..\"",
        "NS,'netDevices':{'eth0':{'name':'a b'}} | /netDevices/eth0/name | not the name of a network"
            + " device: \"a b\"",
        "'maskedPaths':['/a','b'] | /maskedPaths/1 | expected an absolute path, found \"b\"",
        "'readonlyPaths':[''] | /readonlyPaths/0 | expected an absolute path, found \"\"",
        "'intelRdt':{'closID':'a/b'} | /intelRdt/closID | not a directory's name: \"a/b\"",
        "'intelRdt':{'closID':'..'} | /intelRdt/closID | not a directory's name: \"..\"",
        "'intelRdt':{'memBwSchema':'0=20'} | /intelRdt/memBwSchema | expected it to begin with MB:,"
            + " found \"0=20\"",
        "'intelRdt':{'memBwSchema':'MB:\\n'} | /intelRdt/memBwSchema | contains a line break",
        "'intelRdt':{'l3CacheSchema':'L3:\\n'} | /intelRdt/l3CacheSchema | contains a line break",
        "'intelRdt':{'schemata':['a','b\\n']} | /intelRdt/schemata/1 | contains a line break",
        "'memoryPolicy':{'mode':'MPOL_DEFAULT','nodes':'0'} | /memoryPolicy/nodes | MPOL_DEFAULT"
            + " takes no nodes",
        "'memoryPolicy':{'mode':'MPOL_BIND'} | /memoryPolicy | MPOL_BIND needs nodes",
        "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'a'} | /memoryPolicy/nodes | expected a list such"
            + " as 0-3,7, found \"a\"",
        "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES',"
            + "'MPOL_F_RELATIVE_NODES']} | /memoryPolicy/flags | MPOL_F_STATIC_NODES and"
            + " MPOL_F_RELATIVE_NODES exclude each other",
        "'personality':{'domain':'LINUX','flags':['X']} | /personality/flags/0 | unknown personality"
            + " flag \"X\"",
        "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','defaultErrnoRet':1} | /seccomp/defaultErrnoRet"
            + " | SCMP_ACT_ALLOW takes no errno",
        "'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096} |"
            + " /seccomp/defaultErrnoRet | expected 0 to 4095, found 4096",
        "'seccomp':{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':65536} |"
            + " /seccomp/defaultErrnoRet | expected 0 to 65535, found 65536",
        "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['a'],'action':"
            + "'SCMP_ACT_KILL','errnoRet':1}]} | /seccomp/syscalls/0/errnoRet | SCMP_ACT_KILL takes"
            + " no errno",
        "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':[],'action':"
            + "'SCMP_ACT_KILL'}]} | /seccomp/syscalls/0/names | needs at least one entry",
        "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['a',''],'action':"
            + "'SCMP_ACT_KILL'}]} | /seccomp/syscalls/0/names/1 | the name is empty",
        "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['a'],'action':"
            + "'SCMP_ACT_KILL','args':[{'index':6,'value':0,'op':'SCMP_CMP_EQ'}]}]} |"
            + " /seccomp/syscalls/0/args/0/index | expected 0 to 5, found 6",
        "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['a'],'action':"
            + "'SCMP_ACT_NOTIFY'}]} | /seccomp | SCMP_ACT_NOTIFY needs a listenerPath",
        "'seccomp':{'defaultAction':'SCMP_ACT_NOTIFY'} | /seccomp | SCMP_ACT_NOTIFY needs a"
            + " listenerPath",
        "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','listenerMetadata':'m'} |"
            + " /seccomp/listenerMetadata | needs a listenerPath",
        "'resources':{'pids':{'limit':-2}} | /resources/pids/limit | expected -1 or more, found -2",
      })
  void linux(String property, @org.jspecify.annotations.Nullable String place, String problem) {
    refused(
        "{'ociVersion':'1.0.0'," + ROOT + ",'linux':{" + expand(property) + "}}",
        "/linux" + (place == null ? "" : place),
        problem);
  }

  private static String expand(String property) {
    return property.replaceFirst("^NS", ALL).replace(":ID", ":" + ID);
  }

  @Test
  void linuxSectionsThatKeepTheRules() {
    for (String property :
        new String[] {
          "NS",
          "NS,'uidMappings':[{'containerID':4294967295,'hostID':0,'size':1}],'gidMappings':ID",
          "NS,'timeOffsets':{'monotonic':{'secs':-1,'nanosecs':999999999}}",
          "NS,'sysctl':{'net.ipv4.conf.eth0/1.rp_filter':'1','kernel/sem':'1','fs.mqueue.a':'1',"
              + "'kernel.hostname':'h','net/ipv4/conf/eth0.1/rp_filter':'1'}",
          "'cgroupsPath':'/a/..b/c..'",
          "'cgroupsPath':'s.slice:p:n'",
          "'devices':[{'path':'/dev/p','type':'p'},{'path':'/x','type':'b','major':4095,"
              + "'minor':1048575}]",
          "NS,'netDevices':{'eth0':{'name':'eth%d'}}",
          "'intelRdt':{'closID':'/'}",
          "'memoryPolicy':{'mode':'MPOL_PREFERRED'}",
          "'memoryPolicy':{'mode':'MPOL_LOCAL'}",
          "'personality':{'domain':'LINUX32'}",
          "'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4095}",
          "'seccomp':{'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/s'}",
        }) {
      accepted("{'ociVersion':'1.0.0'," + ROOT + ",'linux':{" + expand(property) + "}}");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'devices':[{'allow':true,'access':'rx'}] | /devices/0/access | expected letters of rwm, found"
            + " \"rx\"",
        "'devices':[{'allow':true,'major':-2}] | /devices/0/major | expected -1 or more, found -2",
        "'devices':[{'allow':true,'minor':-2}] | /devices/0/minor | expected -1 or more, found -2",
        "'memory':{'limit':-2} | /memory/limit | expected -1 or more, found -2",
        "'memory':{'reservation':-2} | /memory/reservation | expected -1 or more, found -2",
        "'memory':{'swap':-2} | /memory/swap | expected -1 or more, found -2",
        "'memory':{'kernel':-2} | /memory/kernel | expected -1 or more, found -2",
        "'memory':{'kernelTCP':-2} | /memory/kernelTCP | expected -1 or more, found -2",
        "'memory':{'swappiness':101} | /memory/swappiness | expected 0 to 100, found 101",
        "'memory':{'swappiness':18446744073709551615} | /memory/swappiness | expected 0 to 100, found"
            + " 18446744073709551615",
        "'cpu':{'quota':1,'burst':2} | /cpu/burst | larger than the quota",
        "'cpu':{'idle':2} | /cpu/idle | expected 0 or 1, found 2",
        "'cpu':{'cpus':'a'} | /cpu/cpus | expected a list such as 0-3,7, found \"a\"",
        "'cpu':{'mems':'1,'} | /cpu/mems | expected a list such as 0-3,7, found \"1,\"",
        "'pids':{'limit':-2} | /pids/limit | expected -1 or more, found -2",
        "'blockIO':{'weightDevice':[{'major':8,'minor':0}]} | /blockIO/weightDevice/0 | needs weight"
            + " or leafWeight",
        "'blockIO':{'weightDevice':[{'major':-1,'minor':0,'weight':1}]} | /blockIO/weightDevice/0 |"
            + " expected a major number from 0 to 4095",
        "'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':-1,'rate':1}]} |"
            + " /blockIO/throttleReadBpsDevice/0 | expected a minor number from 0 to 1048575",
        "'blockIO':{'throttleWriteBpsDevice':[{'major':8,'minor':-1,'rate':1}]} |"
            + " /blockIO/throttleWriteBpsDevice/0 | expected a minor number from 0 to 1048575",
        "'blockIO':{'throttleReadIOPSDevice':[{'major':8,'minor':-1,'rate':1}]} |"
            + " /blockIO/throttleReadIOPSDevice/0 | expected a minor number from 0 to 1048575",
        "'blockIO':{'throttleWriteIOPSDevice':[{'major':8,'minor':-1,'rate':1}]} |"
            + " /blockIO/throttleWriteIOPSDevice/0 | expected a minor number from 0 to 1048575",
        "'hugepageLimits':[{'pageSize':'2M','limit':0}] | /hugepageLimits/0/pageSize | expected a"
            + " size such as 2MB, found \"2M\"",
        "'hugepageLimits':[{'pageSize':'0MB','limit':0}] | /hugepageLimits/0/pageSize | expected a"
            + " size such as 2MB, found \"0MB\"",
        "'hugepageLimits':[{'pageSize':'../2MB','limit':0}] | /hugepageLimits/0/pageSize | expected a"
            + " size such as 2MB, found \"../2MB\"",
        "'network':{'priorities':[{'name':'','priority':1}]} | /network/priorities/0/name | the name"
            + " is empty",
        "'rdma':{'a/b':{}} | /rdma/a~1b | needs hcaHandles or hcaObjects",
        "'unified':{'../x.y':'1'} | /unified/..~1x.y | expected a file's name such as memory.high,"
            + " found \"../x.y\"",
        "'unified':{'memory':'1'} | /unified/memory | expected a file's name such as memory.high,"
            + " found \"memory\"",
        "'unified':{'..':'1'} | /unified/.. | expected a file's name such as memory.high, found"
            + " \"..\"",
      })
  void resources(String property, String pointer, String problem) {
    SpecException e =
        assertThrows(
            SpecException.class,
            () -> SpecReader.readValidResources(utf8("{" + property + "}"), "-"));
    assertEquals(pointer + ": " + problem, e.pointer() + ": " + e.problem());
    assertEquals(1, e.line());
  }

  @Test
  void resourcesThatKeepTheRules() {
    for (String property :
        new String[] {
          "'devices':[{'allow':true,'type':'c','major':-1,'minor':-1,'access':'rwm'}]",
          "'memory':{'limit':-1,'swap':0,'swappiness':100}",
          "'cpu':{'quota':-1,'burst':5,'idle':1,'cpus':'0-3,7'}",
          "'pids':{'limit':-1}",
          "'hugepageLimits':[{'pageSize':'64KB','limit':18446744073709551615}]",
          "'rdma':{'a':{'hcaObjects':0}}",
          "'unified':{'io.max':'','hugetlb.1GB.max':'1'}",
        }) {
      assertDoesNotThrow(
          () -> SpecReader.readValidResources(utf8("{" + property + "}"), "-"), property);
    }
  }
}
