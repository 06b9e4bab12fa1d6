package dev.gatun.netns;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The addresses of pods, on disk: {@code .network/} below the state root.
 *
 * <p>A lease is one symbolic link in {@code .network/leases/}. Its name is the address in
 * hexadecimal, its target says for whom, of which range and when. {@code symlinkat(2)} makes it
 * whole or not at all, and only once, so that no crash leaves half a lease and no race makes two.
 * All ranges share the directory: when a host's configuration changes while pods live, ranges that
 * overlap do not give out one address twice. The gateway's address of each range that was used has
 * an empty file there instead of a link, which stays as the bridge does: no pod of another range is
 * given it.
 *
 * <p>An address is looked for behind the one leased last, {@code .network/next-RANGE}, so that what
 * was given back rests before it is used again: peers have neighbour and connection entries that
 * name it. That file is no more than a hint. When it is lost or cannot be written, the search
 * begins at the front.
 *
 * <p>The directory is locked by {@code flock(2)} inside an exchange, never across two: whoever dies
 * holds no lock, and {@code isAlive} may take locks of its own.
 */
public final class AddressPool {
  /** How many leases of dead pods are taken back at once: some to spare, not all of a /16. */
  private static final int MOST_RECLAIMED = 64;

  private static final int MOST_NAMED = 3;

  private final Kernel kernel;
  private final String stateRoot;

  /**
   * The pool of a state root.
   *
   * @param kernel where
   * @param stateRoot the state root's path; it must exist when an address is leased
   */
  public AddressPool(Kernel kernel, String stateRoot) {
    this.kernel = kernel;
    this.stateRoot = stateRoot;
  }

  /**
   * An address that a pod has.
   *
   * @param range the range that it was asked of
   * @param address the address
   */
  public record Lease(Subnet range, IpAddress address) {}

  /**
   * An address and the pod that has it.
   *
   * @param range the range that it was leased of
   * @param address the address
   * @param podId the pod's id
   */
  public record Owned(Subnet range, IpAddress address, String podId) {}

  /**
   * Leases one address of each range, or none: in one exchange, and in two when a range is full and
   * leases of dead pods have to be taken back.
   *
   * @param ranges the ranges, none of which overlap
   * @param podId the pod's id, a legal name of a directory
   * @param isAlive whether the pod of an id exists and lives; asked only when a range is full,
   *     without a lock being held
   * @return the leases, in the order of the ranges
   * @throws RangeFullException when living pods have all addresses of a range, or one has its
   *     gateway's
   * @throws RuntimeException when the pool cannot be written to; nothing is leased then
   */
  public List<Lease> lease(List<Subnet> ranges, String podId, Predicate<String> isAlive) {
    check(podId);
    if (ranges.isEmpty()) {
      return List.of();
    }
    Attempt attempt = new Attempt(ranges, podId, List.of());
    if (attempt.isFull()) {
      List<Entry> dead = dead(attempt.holders(), ranges, isAlive);
      if (!dead.isEmpty()) {
        attempt = new Attempt(ranges, podId, dead);
      }
      if (attempt.isFull()) {
        throw full(attempt.fullRange(), attempt.holders(), podId);
      }
    }
    return attempt.leases();
  }

  /**
   * Gives back all that a pod has, in one exchange. It is no error when it has nothing.
   *
   * @param podId the pod's id
   * @throws RuntimeException when the pool cannot be read or written to
   */
  public void release(String podId) {
    check(podId);
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    LeaseRecords records = new LeaseRecords(b, stateRoot);
    Label missing = b.label("missing");
    records.open(missing);
    b.step("release the addresses of pod \"" + podId + "\"", "");
    records.lock();
    records.removeAll((podId + "/").getBytes(StandardCharsets.UTF_8));
    b.bind(missing);
    records.close();
    kernel.run(b.build()).orThrow();
  }

  /** All leases, in no order, in one exchange. */
  public List<Owned> leases() {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    LeaseRecords records = new LeaseRecords(b, stateRoot);
    Data list = records.list();
    Label missing = b.label("missing");
    records.open(missing);
    b.step("list the leases of addresses", "");
    records.list(list);
    b.bind(missing);
    records.close();
    List<Owned> all = new ArrayList<>();
    for (Entry entry : Entry.parse(kernel.run(b.build()).orThrow().bytes(list))) {
      all.add(
          new Owned(
              Subnet.around(entry.address(), entry.prefix()), entry.address(), entry.podId()));
    }
    return all;
  }

  private static void check(String podId) {
    if (podId.isEmpty() || podId.length() > 255 || podId.indexOf('/') >= 0) {
      throw new IllegalArgumentException("not the id of a pod: " + IpAddress.quoted(podId));
    }
  }

  private static List<Entry> dead(
      List<Entry> holders, List<Subnet> ranges, Predicate<String> isAlive) {
    List<Entry> dead = new ArrayList<>();
    Map<String, Boolean> known = new HashMap<>();
    for (Entry entry : holders) {
      if (dead.size() == MOST_RECLAIMED) {
        break;
      }
      if (!isInside(entry.address(), ranges)) {
        continue;
      }
      Boolean alive = known.get(entry.podId());
      if (alive == null) {
        alive = isAlive.test(entry.podId());
        known.put(entry.podId(), alive);
      }
      if (!alive) {
        dead.add(entry);
      }
    }
    return dead;
  }

  private static boolean isInside(IpAddress address, List<Subnet> ranges) {
    for (Subnet range : ranges) {
      if (range.contains(address)) {
        return true;
      }
    }
    return false;
  }

  private static RangeFullException full(Subnet range, List<Entry> holders, String podId) {
    String what = "lease an address for pod " + IpAddress.quoted(podId) + ": range " + range;
    TreeSet<String> pods = new TreeSet<>();
    for (Entry entry : holders) {
      if (entry.address().equals(range.gateway())) {
        return new RangeFullException(
            what
                + " cannot be used: its gateway "
                + range.gateway()
                + " is the address of pod "
                + IpAddress.quoted(entry.podId())
                + "; delete the pod or configure another range");
      }
      if (range.contains(entry.address())) {
        pods.add(entry.podId());
      }
    }
    StringBuilder text = new StringBuilder(what).append(" is full: its ");
    text.append(range.usable()).append(range.usable() == 1 ? " address is" : " addresses are");
    text.append(pods.size() == 1 ? " held by pod " : " held by pods ");
    int named = 0;
    for (String pod : pods) {
      if (named == MOST_NAMED) {
        text.append(" and ").append(pods.size() - named).append(" more");
        break;
      }
      text.append(named > 0 ? ", " : "").append(IpAddress.quoted(pod));
      named++;
    }
    text.append("; delete a pod or configure a larger range");
    return new RangeFullException(text.toString());
  }

  /** One exchange that leases, or finds a range full and tells who holds it. */
  private final class Attempt {
    private final List<Subnet> ranges;
    private final List<Slot> offsets = new ArrayList<>();
    private final ProgramBuilder b = new ProgramBuilder(kernel.arch());
    private final Slot full = b.slot("full");
    private final Data list;
    private final Kernel.Result result;

    Attempt(List<Subnet> ranges, String podId, List<Entry> dead) {
      this.ranges = ranges;
      LeaseRecords records = new LeaseRecords(b, stateRoot);
      list = records.list();
      Label noRoom = b.label("full");
      Label done = b.label("leased");
      b.set(full, imm(0));
      records.make();
      b.step("lease an address for pod \"" + podId + "\"", "");
      records.lock();
      for (Entry entry : dead) {
        records.remove(entry.name(), entry.target());
      }
      records.takeBackOnFailure();
      for (int i = 0; i < ranges.size(); i++) {
        b.step("lease an address of " + ranges.get(i) + " for pod \"" + podId + "\"", "");
        offsets.add(records.lease(ranges.get(i), podId, full, imm(i + 1), noRoom));
      }
      b.jump(done);
      b.bind(noRoom);
      records.takeBack();
      records.list(list);
      b.bind(done);
      records.close();
      result = kernel.run(b.build()).orThrow();
    }

    boolean isFull() {
      return result.slot(full) != 0;
    }

    Subnet fullRange() {
      return ranges.get((int) result.slot(full) - 1);
    }

    List<Entry> holders() {
      return Entry.parse(result.bytes(list));
    }

    List<Lease> leases() {
      List<Lease> leases = new ArrayList<>(ranges.size());
      for (int i = 0; i < offsets.size(); i++) {
        Subnet range = ranges.get(i);
        leases.add(new Lease(range, range.address(result.slot(offsets.get(i)))));
      }
      return leases;
    }
  }
}
