package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class AddressPoolTest {
  private static final Subnet IPV4 = Subnet.parse("10.207.0.0/16");
  private static final Subnet IPV6 = Subnet.parse("fd67:6174:756e::/64");
  private static final Subnet SMALL = Subnet.parse("192.168.7.8/29");

  @TempDir Path root;
  private final CountingKernel kernel = new CountingKernel();
  private AddressPool pool = new AddressPool(kernel, "");
  private long openBefore;

  private static final class CountingKernel implements Kernel {
    private final LocalKernel local = new LocalKernel();
    int exchanges;

    @Override
    public Arch arch() {
      return local.arch();
    }

    @Override
    public Result run(Program program) {
      exchanges++;
      return local.run(program);
    }

    @Override
    public void finish(Program program) {
      throw new AssertionError("finish");
    }
  }

  private static boolean allLive(String podId) {
    return !podId.isEmpty();
  }

  private static boolean notAsked(String podId) {
    throw new AssertionError("asked whether " + podId + " lives");
  }

  @BeforeEach
  void open() throws IOException {
    pool = new AddressPool(kernel, root.toString());
    openBefore = openHere();
  }

  @AfterEach
  void nothingIsLeftOpen() throws IOException {
    assertEquals(openBefore, openHere(), "descriptors left open");
  }

  private long openHere() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files
          .filter(fd -> {
            try {
              return Files.readSymbolicLink(fd).startsWith(root);
            } catch (IOException e) {
              return false;
            }
          })
          .count();
    }
  }

  private String lease(Subnet range, String podId) {
    return lease(range, podId, AddressPoolTest::notAsked);
  }

  private String lease(Subnet range, String podId, Predicate<String> isAlive) {
    List<AddressPool.Lease> leases = pool.lease(List.of(range), podId, isAlive);
    assertEquals(1, leases.size());
    assertEquals(range, leases.get(0).range());
    return leases.get(0).address().toString();
  }

  private SortedMap<String, String> owners() {
    SortedMap<String, String> owners = new TreeMap<>();
    for (AddressPool.Owned owned : pool.leases()) {
      assertTrue(owned.range().contains(owned.address()));
      owners.put(owned.address().toString(), owned.podId());
    }
    return owners;
  }

  @Test
  void oneAddressOfEachRangeInOneExchange() {
    List<AddressPool.Lease> leases =
        pool.lease(List.of(IPV4, IPV6), "web", AddressPoolTest::notAsked);
    assertEquals(1, kernel.exchanges);
    assertEquals(
        List.of(
            new AddressPool.Lease(IPV4, IpAddress.parse("10.207.0.2")),
            new AddressPool.Lease(IPV6, IpAddress.parse("fd67:6174:756e::2"))),
        leases);
    assertEquals(
        Set.of(
            new AddressPool.Owned(IPV4, IpAddress.parse("10.207.0.2"), "web"),
            new AddressPool.Owned(IPV6, IpAddress.parse("fd67:6174:756e::2"), "web")),
        new HashSet<>(pool.leases()));
  }

  @Test
  void noRangesNeedNoExchange() {
    assertEquals(List.of(), pool.lease(List.of(), "web", AddressPoolTest::notAsked));
    assertEquals(0, kernel.exchanges);
  }

  @Test
  void whatWasGivenBackIsNotGivenOutAtOnce() {
    assertEquals("10.207.0.2", lease(IPV4, "a"));
    pool.release("a");
    assertEquals("10.207.0.3", lease(IPV4, "b"));
    assertEquals("10.207.0.4", lease(IPV4, "a"));
    assertEquals("{10.207.0.3=b, 10.207.0.4=a}", owners().toString());
  }

  @Test
  void theSearchGoesRoundAndLeavesOutNetworkGatewayAndBroadcast() {
    List<String> given = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      given.add(lease(SMALL, "pod"));
      pool.release("pod");
    }
    List<String> once =
        List.of("192.168.7.10", "192.168.7.11", "192.168.7.12", "192.168.7.13", "192.168.7.14");
    assertEquals(once, given.subList(0, 5));
    assertEquals(once, given.subList(5, 10));
    assertEquals(once.subList(0, 2), given.subList(10, 12));
  }

  @Test
  void addressesOfAllKindsOfRangesAreWrittenAsTheyAre() {
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      boolean ipv6 = random.nextBoolean();
      byte[] bytes = new byte[ipv6 ? 16 : 4];
      random.nextBytes(bytes);
      int prefix = random.nextInt(bytes.length * 8 - 2 + 1);
      if (prefix + 2 > bytes.length * 8) {
        prefix = bytes.length * 8 - 2;
      }
      Subnet range = Subnet.around(IpAddress.of(bytes), prefix);
      String id = "pod" + i;
      AddressPool.Lease lease = pool.lease(List.of(range), id, AddressPoolTest::notAsked).get(0);
      List<AddressPool.Owned> all = pool.leases();
      assertEquals(
          List.of(new AddressPool.Owned(range, lease.address(), id)), all, range.toString());
      assertTrue(range.offset(lease.address()) >= 2, range.toString());
      pool.release(id);
    }
  }

  @Test
  void theLastAddressIsFollowedByTheFirst() throws IOException {
    for (String text : List.of("10.207.0.0/16", "10.0.0.0/8", "fd00::/120", "fd00::/64")) {
      Subnet range = Subnet.parse(text);
      long last = 1 + range.usable();
      lease(range, "a");
      cursor(range, last - 1);
      assertEquals(range.address(last).toString(), lease(range, "b"), text);
      assertEquals(range.address(3).toString(), lease(range, "c"), text);
      pool.release("a");
      pool.release("b");
      pool.release("c");
    }
  }

  private void cursor(Subnet range, long value) throws IOException {
    byte[] bytes = new byte[8];
    for (int i = 0; i < 8; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    Files.write(cursor(range), bytes);
  }

  private Path cursor(Subnet range) {
    return root.resolve(".network/next-" + range.network() + "-" + range.prefix());
  }

  @Test
  void anyHintIsGoodEnough() throws IOException {
    Random random = new Random(8);
    Set<String> given = new TreeSet<>();
    given.add(lease(IPV4, "pod"));
    for (int i = 0; i < 200; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      Files.write(cursor(IPV4), bytes);
      String address = lease(IPV4, "pod");
      assertTrue(given.add(address), address);
      long offset = IPV4.offset(IpAddress.parse(address));
      assertTrue(offset >= 2 && offset <= 65534, address);
    }
    Files.delete(cursor(IPV4));
    Files.createDirectory(cursor(IPV4));
    assertTrue(given.add(lease(IPV4, "pod")));
    assertEquals(202, owners().size());
  }

  @Test
  void rangesThatOverlapShareNoAddress() {
    Subnet narrow = Subnet.parse("10.207.0.0/29");
    for (int i = 0; i < 3; i++) {
      lease(IPV4, "old" + i);
    }
    assertEquals("10.207.0.5", lease(narrow, "new0"));
    assertEquals("10.207.0.6", lease(narrow, "new1"));
    assertThrows(RangeFullException.class, () -> lease(narrow, "new2", AddressPoolTest::allLive));
    assertEquals("10.207.0.7", lease(IPV4, "old3"));
  }

  @Test
  void noPodHasTheGatewayOfAnotherRangeThatOverlaps() {
    Subnet narrow = Subnet.parse("10.207.0.4/30");
    Subnet middle = Subnet.parse("10.207.0.8/29");
    Subnet ipv6 = Subnet.parse("fd67:6174:756e::4/126");
    assertEquals("10.207.0.6", lease(narrow, "narrow"));
    lease(middle, "middle");
    pool.release("middle");
    assertEquals("fd67:6174:756e::6", lease(ipv6, "narrow"));
    Set<String> given = new TreeSet<>();
    kernel.exchanges = 0;
    for (int i = 0; i < 8; i++) {
      for (AddressPool.Lease lease :
          pool.lease(List.of(IPV4, IPV6), "wide" + i, AddressPoolTest::notAsked)) {
        given.add(lease.address().toString());
      }
    }
    assertEquals(8, kernel.exchanges);
    // The bridge has the address as long as it is there, with or without a pod of the range.
    for (String taken : List.of("10.207.0.5", "10.207.0.6", "10.207.0.9", "fd67:6174:756e::5")) {
      assertFalse(given.contains(taken), taken);
    }
    assertTrue(given.contains("10.207.0.4") && given.contains("10.207.0.8"), given.toString());
    assertEquals(18, owners().size());
  }

  @Test
  void aRangeWhoseGatewayIsAPodsAddressCannotBeUsed() {
    Subnet narrow = Subnet.parse("10.207.0.4/30");
    for (int i = 2; i <= 5; i++) {
      lease(IPV4, "pod" + i);
    }
    RuntimeException e =
        assertThrows(
            RangeFullException.class, () -> lease(narrow, "new", AddressPoolTest::allLive));
    assertEquals(
        "lease an address for pod \"new\": range 10.207.0.4/30 cannot be used: its gateway"
            + " 10.207.0.5 is the address of pod \"pod5\"; delete the pod or configure another"
            + " range",
        e.getMessage());
    assertEquals(4, owners().size());
    // What a dead pod has is taken back.
    assertEquals("10.207.0.6", lease(narrow, "new", id -> !id.equals("pod5")));
    assertEquals(4, owners().size());
    pool.release("new");
    assertEquals("10.207.0.6", lease(IPV4, "next"));
  }

  @Test
  void aPodsLeasesAreGivenBackAndNoOthers() {
    pool.lease(List.of(IPV4, IPV6), "web", AddressPoolTest::notAsked);
    pool.lease(List.of(IPV4, IPV6), "web2", AddressPoolTest::notAsked);
    pool.lease(List.of(IPV4, IPV6), "we", AddressPoolTest::notAsked);
    pool.lease(List.of(IPV4), "w".repeat(255), AddressPoolTest::notAsked);
    kernel.exchanges = 0;
    pool.release("web");
    assertEquals(1, kernel.exchanges);
    assertEquals(
        List.of("web2", "we", "w".repeat(255), "web2", "we"), List.copyOf(owners().values()));
    pool.release("web");
    pool.release("nobody");
    pool.release("w".repeat(255));
    pool.release("we");
    pool.release("web2");
    assertEquals(List.of(), pool.leases());
  }

  @Test
  void aPoolThatNeverWasIsEmpty() throws IOException {
    pool.release("web");
    assertEquals(List.of(), pool.leases());
    assertFalse(Files.exists(root.resolve(".network")));
    AddressPool nowhere = new AddressPool(kernel, root.resolve("missing").toString());
    nowhere.release("web");
    assertEquals(List.of(), nowhere.leases());
    Files.createDirectory(root.resolve(".network"));
    pool.release("web");
    assertEquals(List.of(), pool.leases());
    assertEquals("10.207.0.2", lease(IPV4, "web"));
  }

  @Test
  void aMissingStateRootIsSaid() {
    AddressPool nowhere = new AddressPool(kernel, root.resolve("missing").toString());
    RuntimeException e =
        assertThrows(
            RuntimeException.class,
            () -> nowhere.lease(List.of(IPV4), "web", AddressPoolTest::notAsked));
    assertTrue(message(e).contains("missing\": openat("), message(e));
    assertTrue(message(e).contains("ENOENT"), message(e));
  }

  private static String message(Throwable e) {
    return String.valueOf(e.getMessage());
  }

  @Test
  void idsThatAreNoNamesAreRefused() {
    for (String id : List.of("", "a/b", "/", "a".repeat(256))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> pool.lease(List.of(IPV4), id, AddressPoolTest::notAsked));
      assertThrows(IllegalArgumentException.class, () -> pool.release(id));
    }
    assertEquals(0, kernel.exchanges);
  }

  // --- full ranges

  @Test
  void aFullRangeNamesItselfAndWhoHoldsIt() {
    for (int i = 0; i < 5; i++) {
      lease(SMALL, "pod" + i);
    }
    kernel.exchanges = 0;
    RangeFullException e =
        assertThrows(
            RangeFullException.class,
            () -> pool.lease(List.of(IPV6, SMALL), "web", AddressPoolTest::allLive));
    assertEquals(1, kernel.exchanges);
    assertEquals(
        "lease an address for pod \"web\": range 192.168.7.8/29 is full: its 5 addresses are held"
            + " by pods \"pod0\", \"pod1\", \"pod2\" and 2 more; delete a pod or configure a"
            + " larger range",
        e.getMessage());
    assertEquals(5, owners().size(), "an address of the range with room stayed leased");
  }

  @Test
  void aRangeOfOneAddress() {
    Subnet one = Subnet.parse("192.168.7.8/30");
    assertEquals("192.168.7.10", lease(one, "a"));
    RangeFullException e =
        assertThrows(RangeFullException.class, () -> lease(one, "b", AddressPoolTest::allLive));
    assertEquals(
        "lease an address for pod \"b\": range 192.168.7.8/30 is full: its 1 address is held by"
            + " pod \"a\"; delete a pod or configure a larger range",
        e.getMessage());
    pool.release("a");
    assertEquals("192.168.7.10", lease(one, "b"));
  }

  @Test
  void deadPodsGiveBackWhatTheyHadWhenARangeIsFull() {
    for (int i = 0; i < 5; i++) {
      pool.lease(List.of(SMALL, IPV6), "pod" + i, AddressPoolTest::notAsked);
    }
    kernel.exchanges = 0;
    Set<String> asked = new TreeSet<>();
    List<AddressPool.Lease> leases =
        pool.lease(
            List.of(SMALL, IPV6),
            "web",
            id -> {
              assertTrue(asked.add(id), id + " is asked for twice");
              return !id.equals("pod1") && !id.equals("pod3");
            });
    assertEquals(2, kernel.exchanges);
    assertEquals("192.168.7.11", leases.get(0).address().toString());
    assertEquals("fd67:6174:756e::7", leases.get(1).address().toString());
    assertEquals(List.of("pod0", "pod1", "pod2", "pod3", "pod4"), List.copyOf(asked));
    assertEquals(
        "{192.168.7.10=pod0, 192.168.7.11=web, 192.168.7.12=pod2, 192.168.7.14=pod4,"
            + " fd67:6174:756e::2=pod0, fd67:6174:756e::4=pod2, fd67:6174:756e::6=pod4,"
            + " fd67:6174:756e::7=web}",
        owners().toString());
    assertEquals("192.168.7.13", lease(SMALL, "next"));
  }

  /** While a pod is asked for, it is deleted, and made again with the same id and address. */
  @Test
  void aLeaseThatIsNotTheDeadOnesAnyMoreIsLeftAlone() {
    Subnet one = Subnet.parse("192.168.7.8/30");
    lease(one, "web");
    RangeFullException e =
        assertThrows(
            RangeFullException.class,
            () ->
                lease(
                    one,
                    "other",
                    id -> {
                      pool.release("web");
                      assertEquals("192.168.7.10", lease(one, "web"));
                      return false;
                    }));
    assertTrue(message(e).contains("\"web\""), message(e));
    assertEquals("{192.168.7.10=web}", owners().toString());
  }

  @Test
  void whatIsTakenWhileDeadOnesAreLookedForIsAsGoodAsTheirs() {
    Subnet one = Subnet.parse("192.168.7.8/30");
    lease(one, "dead");
    assertEquals(
        "192.168.7.10",
        lease(
            one,
            "web",
            id -> {
              pool.release("dead");
              return false;
            }));
    assertEquals("{192.168.7.10=web}", owners().toString());
  }

  // --- strangers, crashes, broken file systems

  @Test
  void whatIsNoLeaseIsPassedOver() throws IOException {
    lease(IPV4, "web");
    Path leases = root.resolve(".network/leases");
    Files.createFile(leases.resolve("0acf0003"));
    Files.createDirectory(leases.resolve("0acf0004"));
    Files.createSymbolicLink(leases.resolve("0acf0005"), Path.of("x"));
    Files.createSymbolicLink(leases.resolve("0acf0006"), Path.of("a/b/c/d"));
    Files.createSymbolicLink(
        leases.resolve("0acf0007"), Path.of("web/0acf000g/16/" + "0".repeat(16)));
    Files.createSymbolicLink(
        leases.resolve("0acf0008"), Path.of("web/0acf0008/33/" + "0".repeat(16)));
    Files.createSymbolicLink(leases.resolve("0acf0009"), Path.of("y".repeat(600)));
    Files.createFile(leases.resolve("\u00e4\n"));
    assertEquals("{10.207.0.2=web}", owners().toString());
    assertEquals("10.207.0.10", lease(IPV4, "next"));
    pool.release("web");
    assertTrue(Files.exists(leases.resolve("0acf0003")));
    assertFalse(Files.exists(leases.resolve("0acf0007"), LinkOption.NOFOLLOW_LINKS));
  }

  /** A tmpfs with room for so many files: the state root and each that the pool makes. */
  @Tag("root")
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | , \".network\", 0700): ENOSPC",
        "2 | , \"leases\", 0700): ENOSPC",
        "3 | lease an address of 10.207.0.0/16 for pod \"web-0\": mknodat(",
        // No room for the hint, nor for the lease.
        "4 | lease an address of 10.207.0.0/16 for pod \"web-0\": symlinkat(",
        // The hint has it.
        "5 | lease an address of 10.207.0.0/16 for pod \"web-0\": symlinkat(",
        // The second range has none: what the first gave is taken back.
        "6 | lease an address of fd67:6174:756e::/64 for pod \"web-0\": mknodat(",
        "7 | lease an address of fd67:6174:756e::/64 for pod \"web-0\": symlinkat(",
        "8 | lease an address of fd67:6174:756e::/64 for pod \"web-0\": symlinkat(",
        "9 | leased 1",
      })
  void aFullDiskLeasesAllOrNothing(int files, String outcome) throws Exception {
    Assumptions.assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "mounting needs root");
    Process process =
        OtherProcess.start(
            List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t tmpfs -o nr_inodes=" + files + " none \"$0\" && exec \"$@\"",
                root.toString()),
            root.toString(),
            "10.207.0.0/16,fd67:6174:756e::/64",
            "web",
            1);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    assertTrue(output.contains(outcome), output);
    assertTrue(outcome.startsWith("leased") || output.contains("ENOSPC"), output);
    int left = outcome.startsWith("leased") ? 2 : 0;
    assertTrue(output.endsWith("owned " + left + "\n"), output);
    assertEquals(0, status, output);
  }

  /** The same, on a file system that was made read-only with a lease on it. */
  @Tag("root")
  @Test
  void aReadOnlyDiskIsReadAndSaid() throws Exception {
    Assumptions.assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "mounting needs root");
    lease(IPV4, "web");
    Process process =
        OtherProcess.start(
            List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"",
                root.toString()),
            root.toString(),
            "10.207.0.0/16",
            "web",
            1);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(
        output.contains("failed: lease an address of 10.207.0.0/16 for pod \"web-0\": symlinkat("),
        output);
    assertTrue(output.contains("EROFS"), output);
    assertTrue(output.endsWith("owned 1\n"), output);
  }

  @Test
  void aDirectoryThatCannotBeWrittenToIsSaid() throws IOException {
    lease(IPV4, "web");
    Path leases = root.resolve(".network/leases");
    Files.move(leases, root.resolve("away"));
    Files.createSymbolicLink(leases, root.resolve("away"));
    RuntimeException e = assertThrows(RuntimeException.class, () -> lease(IPV4, "other"));
    assertTrue(message(e).contains("openat(") && message(e).contains("\"leases\""), message(e));
    Files.delete(leases);
    Files.move(root.resolve("away"), leases);
    assertEquals("{10.207.0.2=web}", owners().toString());
  }

  // --- races

  @Test
  void threadsNeverGetTheSameAddress() throws Exception {
    Subnet range = Subnet.parse("10.207.0.0/24");
    int threads = 16;
    int each = 25;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<List<String>>> all = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int number = t;
        Callable<List<String>> work =
            () -> {
              List<String> mine = new ArrayList<>();
              LocalKernel own = new LocalKernel();
              AddressPool mineToo = new AddressPool(own, root.toString());
              for (int i = 0; i < each; i++) {
                String id = "pod-" + number + "-" + i;
                for (AddressPool.Lease lease :
                    mineToo.lease(List.of(range, IPV6), id, AddressPoolTest::allLive)) {
                  mine.add(lease.address() + "=" + id);
                }
                if (i % 2 == 0) {
                  mineToo.release(id);
                  mine.removeLast();
                  mine.removeLast();
                }
              }
              return mine;
            };
        all.add(executor.submit(work));
      }
      Set<String> held = new TreeSet<>();
      for (Future<List<String>> one : all) {
        held.addAll(one.get());
      }
      Set<String> found = new TreeSet<>();
      owners().forEach((address, owner) -> found.add(address + "=" + owner));
      assertEquals(threads * (each / 2) * 2, held.size());
      assertEquals(held, found);
    } finally {
      executor.shutdownNow();
    }
  }

  /** Several JVMs, at the ends of a range that has just room for them. */
  @Test
  void processesNeverGetTheSameAddress() throws Exception {
    int processes = 4;
    int each = 63;
    List<Process> running = new ArrayList<>();
    try {
      for (int p = 0; p < processes; p++) {
        running.add(OtherProcess.start(List.of(), root.toString(), "10.207.0.0/24", "p" + p, each));
      }
      for (Process process : running) {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("leased " + each + "\n"), output);
      }
    } finally {
      for (Process process : running) {
        process.destroyForcibly().waitFor();
      }
    }
    SortedMap<String, String> owners = owners();
    assertEquals(processes * each, owners.size());
    assertEquals(processes * each, new TreeSet<>(owners.values()).size());
    assertEquals("10.207.0.254", lease(Subnet.parse("10.207.0.0/24"), "last"));
  }

  @Test
  void whoeverIsKilledHoldsNoLockAndNoHalfLease() throws Exception {
    Random random = new Random(9);
    for (int round = 0; round < 5; round++) {
      Process process =
          OtherProcess.start(List.of(), root.toString(), "10.207.0.0/16", "r" + round, 1 << 20);
      try {
        assertEquals('!', process.getInputStream().read());
        Thread.sleep(random.nextInt(50));
      } finally {
        process.destroyForcibly().waitFor();
      }
      lease(IPV4, "after" + round);
      int before = owners().size();
      String mine = "r" + round + "-";
      for (String owner : owners().values()) {
        assertTrue(owner.startsWith("after") || owner.startsWith(mine), owner);
      }
      assertTrue(before > round + 1, "the other process had leased nothing");
      for (String owner : new TreeSet<>(owners().values())) {
        if (owner.startsWith(mine)) {
          pool.release(owner);
        }
      }
    }
    assertEquals(5, owners().size());
  }

  // --- many

  @Test
  void thousandsOfLeasesAreNoBurden() {
    int many = 5000;
    for (int i = 0; i < many; i++) {
      lease(IPV4, "pod" + i);
    }
    kernel.exchanges = 0;
    long start = System.nanoTime();
    assertEquals(
        "10.207.19.138",
        pool.lease(List.of(IPV4, IPV6), "one", AddressPoolTest::notAsked)
            .get(0)
            .address()
            .toString());
    long leased = System.nanoTime();
    pool.release("one");
    long released = System.nanoTime();
    assertEquals(2, kernel.exchanges);
    assertEquals(many, pool.leases().size());
    assertTrue(leased - start < 1_000_000_000L, "a lease took " + (leased - start) + " ns");
    assertTrue(released - leased < 2_000_000_000L, "a release took " + (released - leased) + " ns");
  }

  /** Where the range is occupied for a stretch, the search passes over it in the same exchange. */
  @Test
  void aStretchOfLeasesIsPassedOver() throws IOException {
    for (int i = 0; i < 300; i++) {
      lease(IPV4, "pod" + i);
    }
    Files.delete(cursor(IPV4));
    kernel.exchanges = 0;
    assertEquals("10.207.1.46", lease(IPV4, "one"));
    assertEquals(1, kernel.exchanges);
  }
}
