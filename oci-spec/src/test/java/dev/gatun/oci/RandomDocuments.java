package dev.gatun.oci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Makes random documents, each property present or absent, values from the edges of their range.
 */
final class RandomDocuments {
  private static final String ALPHABET = "abcXYZ019 ./-_:=~\"\\\n\t\u0001\u007f\u00e9\u2713";

  private final Random random;

  RandomDocuments(long seed) {
    random = new Random(seed);
  }

  private boolean bool() {
    return random.nextBoolean();
  }

  private String text() {
    StringBuilder text = new StringBuilder("t");
    for (int i = random.nextInt(6); i > 0; i--) {
      if (random.nextInt(12) == 0) {
        text.append("\ud83d\udea2");
      } else {
        text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
      }
    }
    return text.toString();
  }

  private int int32() {
    return switch (random.nextInt(4)) {
      case 0 -> Integer.MIN_VALUE;
      case 1 -> Integer.MAX_VALUE;
      case 2 -> 0;
      default -> random.nextInt();
    };
  }

  private long int64() {
    return switch (random.nextInt(5)) {
      case 0 -> Long.MIN_VALUE;
      case 1 -> Long.MAX_VALUE;
      case 2 -> 0;
      case 3 -> -1;
      default -> random.nextLong();
    };
  }

  private int uint16() {
    return random.nextInt(0x10000);
  }

  private long uint32() {
    return random.nextInt(3) == 0 ? 0xffff_ffffL : random.nextInt() & 0xffff_ffffL;
  }

  private List<String> texts() {
    return list(this::text);
  }

  private List<Long> uint32s() {
    return list(this::uint32);
  }

  private Map<String, String> textMap() {
    return map(this::text, this::text);
  }

  private <T> T pick(T[] values) {
    return values[random.nextInt(values.length)];
  }

  private <T> List<T> picks(T[] values) {
    return list(() -> pick(values));
  }

  private <T> List<T> list(Supplier<T> element) {
    List<T> list = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      list.add(element.get());
    }
    return list;
  }

  private <K, V> Map<K, V> map(Supplier<K> key, Supplier<V> value) {
    Map<K, V> map = new LinkedHashMap<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      map.put(key.get(), value.get());
    }
    return map;
  }

  Spec randomSpec() {
    return new Spec(
        text(),
        bool() ? null : randomRoot(),
        bool() ? null : text(),
        bool() ? null : text(),
        list(this::randomMount),
        bool() ? null : randomProcess(),
        bool() ? null : randomHooks(),
        textMap(),
        bool() ? null : randomLinux(),
        List.of());
  }

  Root randomRoot() {
    return new Root(text(), bool());
  }

  Mount randomMount() {
    return new Mount(
        text(),
        bool() ? null : text(),
        bool() ? null : text(),
        texts(),
        list(this::randomIdMapping),
        list(this::randomIdMapping));
  }

  Process randomProcess() {
    return new Process(
        bool(),
        bool() ? null : randomBox(),
        randomUser(),
        texts(),
        texts(),
        text(),
        bool() ? null : randomCapabilities(),
        list(this::randomRlimit),
        bool(),
        bool() ? null : text(),
        bool() ? null : int32(),
        bool() ? null : randomScheduler(),
        bool() ? null : text(),
        bool() ? null : randomIoPriority(),
        bool() ? null : randomExecCpuAffinity());
  }

  Box randomBox() {
    return new Box(int64(), int64());
  }

  User randomUser() {
    return new User(uint32(), uint32(), bool() ? null : uint32(), uint32s());
  }

  Capabilities randomCapabilities() {
    return new Capabilities(
        picks(Capability.values()),
        picks(Capability.values()),
        picks(Capability.values()),
        picks(Capability.values()),
        picks(Capability.values()));
  }

  Rlimit randomRlimit() {
    return new Rlimit(pick(Rlimit.Type.values()), int64(), int64());
  }

  Scheduler randomScheduler() {
    return new Scheduler(
        pick(Scheduler.Policy.values()),
        int32(),
        int32(),
        picks(Scheduler.Flag.values()),
        int64(),
        int64(),
        int64());
  }

  IoPriority randomIoPriority() {
    return new IoPriority(pick(IoPriority.PriorityClass.values()), int32());
  }

  ExecCpuAffinity randomExecCpuAffinity() {
    return new ExecCpuAffinity(bool() ? null : text(), bool() ? null : text());
  }

  Hooks randomHooks() {
    return new Hooks(
        list(this::randomHook),
        list(this::randomHook),
        list(this::randomHook),
        list(this::randomHook),
        list(this::randomHook),
        list(this::randomHook));
  }

  Hook randomHook() {
    return new Hook(text(), texts(), bool() ? null : texts(), bool() ? null : int32());
  }

  Linux randomLinux() {
    return new Linux(
        list(this::randomIdMapping),
        list(this::randomIdMapping),
        map(() -> pick(TimeOffset.Clock.values()), this::randomTimeOffset),
        textMap(),
        bool() ? null : randomResources(),
        bool() ? null : text(),
        list(this::randomNamespace),
        list(this::randomDevice),
        map(this::text, this::randomNetDevice),
        bool() ? null : randomSeccomp(),
        bool() ? null : pick(RootfsPropagation.values()),
        bool() ? null : texts(),
        bool() ? null : texts(),
        bool() ? null : text(),
        bool() ? null : randomIntelRdt(),
        bool() ? null : randomMemoryPolicy(),
        bool() ? null : randomPersonality());
  }

  Namespace randomNamespace() {
    return new Namespace(pick(NamespaceType.values()), bool() ? null : text());
  }

  IdMapping randomIdMapping() {
    return new IdMapping(uint32(), uint32(), uint32());
  }

  TimeOffset randomTimeOffset() {
    return new TimeOffset(int64(), uint32());
  }

  Device randomDevice() {
    return new Device(
        text(),
        pick(Device.Type.values()),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : uint32(),
        bool() ? null : uint32(),
        bool() ? null : uint32());
  }

  NetDevice randomNetDevice() {
    return new NetDevice(bool() ? null : text());
  }

  IntelRdt randomIntelRdt() {
    return new IntelRdt(
        bool() ? null : text(), texts(), bool() ? null : text(), bool() ? null : text(), bool());
  }

  MemoryPolicy randomMemoryPolicy() {
    return new MemoryPolicy(
        pick(MemoryPolicy.Mode.values()),
        bool() ? null : text(),
        picks(MemoryPolicy.Flag.values()));
  }

  Personality randomPersonality() {
    return new Personality(pick(Personality.Domain.values()), texts());
  }

  Seccomp randomSeccomp() {
    return new Seccomp(
        pick(Seccomp.Action.values()),
        bool() ? null : uint32(),
        picks(Seccomp.Arch.values()),
        picks(Seccomp.Flag.values()),
        bool() ? null : text(),
        bool() ? null : text(),
        list(this::randomSeccompSyscall));
  }

  Seccomp.Syscall randomSeccompSyscall() {
    return new Seccomp.Syscall(
        texts(),
        pick(Seccomp.Action.values()),
        bool() ? null : uint32(),
        list(this::randomSeccompArg));
  }

  Seccomp.Arg randomSeccompArg() {
    return new Seccomp.Arg(uint32(), int64(), int64(), pick(Seccomp.Operator.values()));
  }

  Resources randomResources() {
    return new Resources(
        list(this::randomResourcesDeviceRule),
        bool() ? null : randomResourcesMemory(),
        bool() ? null : randomResourcesCpu(),
        bool() ? null : randomResourcesPids(),
        bool() ? null : randomResourcesBlockIo(),
        list(this::randomResourcesHugepageLimit),
        bool() ? null : randomResourcesNetwork(),
        map(this::text, this::randomResourcesRdma),
        textMap());
  }

  Resources.DeviceRule randomResourcesDeviceRule() {
    return new Resources.DeviceRule(
        bool(),
        bool() ? null : pick(Resources.DeviceRule.Type.values()),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : text());
  }

  Resources.Memory randomResourcesMemory() {
    return new Resources.Memory(
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : bool(),
        bool() ? null : bool(),
        bool() ? null : bool());
  }

  Resources.Cpu randomResourcesCpu() {
    return new Resources.Cpu(
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : int64(),
        bool() ? null : text(),
        bool() ? null : text(),
        bool() ? null : int64());
  }

  Resources.Pids randomResourcesPids() {
    return new Resources.Pids(bool() ? null : int64());
  }

  Resources.BlockIo randomResourcesBlockIo() {
    return new Resources.BlockIo(
        bool() ? null : uint16(),
        bool() ? null : uint16(),
        list(this::randomResourcesWeightDevice),
        list(this::randomResourcesThrottleDevice),
        list(this::randomResourcesThrottleDevice),
        list(this::randomResourcesThrottleDevice),
        list(this::randomResourcesThrottleDevice));
  }

  Resources.WeightDevice randomResourcesWeightDevice() {
    return new Resources.WeightDevice(
        int64(), int64(), bool() ? null : uint16(), bool() ? null : uint16());
  }

  Resources.ThrottleDevice randomResourcesThrottleDevice() {
    return new Resources.ThrottleDevice(int64(), int64(), int64());
  }

  Resources.HugepageLimit randomResourcesHugepageLimit() {
    return new Resources.HugepageLimit(text(), int64());
  }

  Resources.Network randomResourcesNetwork() {
    return new Resources.Network(
        bool() ? null : uint32(), list(this::randomResourcesNetworkPriority));
  }

  Resources.NetworkPriority randomResourcesNetworkPriority() {
    return new Resources.NetworkPriority(text(), uint32());
  }

  Resources.Rdma randomResourcesRdma() {
    return new Resources.Rdma(bool() ? null : uint32(), bool() ? null : uint32());
  }

  State randomState() {
    return new State(text(), text(), pick(State.Status.values()), int32(), text(), textMap());
  }

  ContainerProcessState randomContainerProcessState() {
    return new ContainerProcessState(
        text(), texts(), int32(), bool() ? null : text(), randomState());
  }

  Features randomFeatures() {
    return new Features(
        text(),
        text(),
        bool() ? null : texts(),
        bool() ? null : texts(),
        bool() ? null : randomFeaturesLinux(),
        textMap(),
        bool() ? null : texts());
  }

  Features.Linux randomFeaturesLinux() {
    return new Features.Linux(
        bool() ? null : texts(),
        bool() ? null : texts(),
        bool() ? null : randomFeaturesCgroup(),
        bool() ? null : randomFeaturesSeccomp(),
        bool() ? null : randomFeaturesEnabled(),
        bool() ? null : randomFeaturesEnabled(),
        bool() ? null : randomFeaturesIntelRdt(),
        bool() ? null : randomFeaturesMemoryPolicy(),
        bool() ? null : randomFeaturesMountExtensions(),
        bool() ? null : randomFeaturesEnabled());
  }

  Features.Cgroup randomFeaturesCgroup() {
    return new Features.Cgroup(
        bool() ? null : bool(),
        bool() ? null : bool(),
        bool() ? null : bool(),
        bool() ? null : bool(),
        bool() ? null : bool());
  }

  Features.Seccomp randomFeaturesSeccomp() {
    return new Features.Seccomp(
        bool() ? null : bool(),
        bool() ? null : texts(),
        bool() ? null : texts(),
        bool() ? null : texts(),
        bool() ? null : texts(),
        bool() ? null : texts());
  }

  Features.IntelRdt randomFeaturesIntelRdt() {
    return new Features.IntelRdt(
        bool() ? null : bool(), bool() ? null : bool(), bool() ? null : bool());
  }

  Features.MemoryPolicy randomFeaturesMemoryPolicy() {
    return new Features.MemoryPolicy(bool() ? null : texts(), bool() ? null : texts());
  }

  Features.MountExtensions randomFeaturesMountExtensions() {
    return new Features.MountExtensions(bool() ? null : randomFeaturesEnabled());
  }

  Features.Enabled randomFeaturesEnabled() {
    return new Features.Enabled(bool() ? null : bool());
  }
}
