package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code linux.netDevices} of spec 1.3, which the oracle does not know. The runtime is called in a
 * network namespace of the test: the devices in it are nobody else's.
 */
class NetDeviceTest {
  // busybox lets the kernel name the other end, veth0.
  private static final String DEVICES =
      "ip link add out0 type veth; ip link set veth0 name out1; ip link set out0 address 02:11:22:33:44:55;"
          + " ip link set out0 mtu 1300; ip addr add 10.9.8.7/24 broadcast + dev out0;"
          + " ip addr add 192.0.2.1/32 dev out0; ip -6 addr add fd00:9::5/64 dev out0;"
          + " ip link set out0 up; ip link set out1 up;";

  private static final String SHOW = "ip addr show; ip link show";

  /** Runs gatun in a network namespace that a script has furnished, and a script after it. */
  private static Command call(Box box, String before, String after, String... words) {
    List<String> all = new ArrayList<>();
    all.addAll(
        List.of(
            "unshare",
            "--net",
            "/bin/sh",
            "-c",
            "ip() { busybox ip \"$@\"; }; "
                + before
                + " \"$@\"; status=$?; "
                + after
                + " exit $status",
            "sh"));
    all.add(box.runtime().binary().toString());
    all.addAll(List.of("--root", box.stateRoot().toString()));
    all.addAll(List.of(words));
    return box.launch(box.directory(), Map.of(), all).await();
  }

  private static Bundle bundle(Box box, String devices) {
    return box.bundle().script(SHOW).set("/linux/netDevices", devices);
  }

  @OnGatun
  void aDeviceMovesWithItsAddressesAndIsUp(Box box) {
    Bundle bundle = bundle(box, "{'out0': {'name': 'eth0'}}");
    Command run = call(box, DEVICES, "ip link show >&2;", "run", "-b", bundle.write(), box.newId());
    run.expectSuccess();
    String inside = run.out();
    assertTrue(inside.contains("eth0"), run::toString);
    assertTrue(inside.contains("UP"), run::toString);
    assertTrue(inside.contains("link/ether 02:11:22:33:44:55"), run::toString);
    assertTrue(inside.contains("mtu 1300"), run::toString);
    assertTrue(inside.contains("inet 10.9.8.7/24 brd 10.9.8.255 scope global eth0"), run::toString);
    assertTrue(inside.contains("inet 192.0.2.1/32 scope global eth0"), run::toString);
    assertTrue(inside.contains("inet6 fd00:9::5/64 scope global"), run::toString);
    assertFalse(inside.contains("out0"), run::toString);
    String eth0 = inside.substring(inside.indexOf("eth0"));
    assertTrue(eth0.substring(0, eth0.indexOf('\n')).contains(",UP"), run::toString);
    assertFalse(run.err().contains("out0:") || run.err().contains("out0@"), run::toString);
    box.expectNothingLeft();
  }

  @OnGatun
  void withoutANameItKeepsItsOwn(Box box) {
    Bundle bundle = bundle(box, "{'out0': {}, 'out1': {'name': 'peer'}}");
    Command run = call(box, DEVICES, "", "run", "-b", bundle.write(), box.newId());
    run.expectSuccess();
    assertTrue(run.out().contains("out0") && run.out().contains("peer"), run::toString);
  }

  @OnGatun
  void aTemplateIsNumberedByTheKernel(Box box) {
    Bundle bundle = bundle(box, "{'out0': {'name': 'net%d'}, 'out1': {'name': 'net%d'}}");
    Command run = call(box, DEVICES, "", "run", "-b", bundle.write(), box.newId());
    run.expectSuccess();
    assertTrue(run.out().contains("net0") && run.out().contains("net1"), run::toString);
    assertTrue(run.out().contains("10.9.8.7/24"), run::toString);
  }

  /** Both namespaces have the same indexes in use. */
  @OnGatun
  void aNamespaceThatIsJoinedMayHaveTheIndexAlready(Box box) {
    String name = box.token();
    Command holder =
        box.launch(
            box.directory(),
            Map.of(),
            List.of(
                "unshare",
                "--net",
                "/bin/sh",
                "-c",
                "for i in 1 2 3; do busybox ip link add a$i type veth; done;"
                    + " echo "
                    + name
                    + "; exec sleep 1000"));
    try {
      holder.awaitOutput(name);
      Bundle bundle =
          bundle(box, "{'out0': {'name': 'in0'}}")
              .join("network", "/proc/" + holder.pid() + "/ns/net");
      Command run = call(box, DEVICES, "", "run", "-b", bundle.write(), box.newId());
      run.expectSuccess();
      assertTrue(run.out().contains("in0"), run::toString);
      assertTrue(run.out().contains("scope global in0"), run::toString);
      Bundle taken =
          bundle(box, "{'out0': {'name': 'a1'}}")
              .join("network", "/proc/" + holder.pid() + "/ns/net");
      call(box, DEVICES, "", "run", "-b", taken.write(), box.newId())
          .expectFailure("network device \"out0\"", "EEXIST", "/linux/netDevices/out0");
    } finally {
      holder.kill();
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void whatCannotMoveFailsCreate(Box box) {
    Bundle missing = bundle(box, "{'nosuch': {}}");
    call(box, "", "", "create", "-b", missing.write(), box.newId())
        .expectFailure("network device \"nosuch\"", "ENODEV", "/linux/netDevices/nosuch");
    Bundle loopback = bundle(box, "{'lo': {'name': 'other'}}");
    call(box, "", "", "create", "-b", loopback.write(), box.newId())
        .expectFailure("network device \"lo\"", "sendto(", "EINVAL");
    Bundle none = bundle(box, "{'out0': {}}").removeNamespace("network");
    call(box, DEVICES, "ip link show;", "create", "-b", none.write(), box.newId())
        .expectFailure("needs a network namespace");
    box.expectNothingLeft();
  }

  @OnGatun
  void aContainerWithAUserNamespaceGetsThemToo(Box box) {
    Bundle bundle = bundle(box, "{'out0': {'name': 'eth0'}}");
    bundle.namespaces().addObject().put("type", "user");
    String mapping = "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]";
    bundle.set("/linux/uidMappings", mapping).set("/linux/gidMappings", mapping);
    Host.run("chown", "-R", "100000:100000", bundle.rootfs().toString());
    Command run = call(box, DEVICES, "", "run", "-b", bundle.write(), box.newId());
    run.expectSuccess();
    assertTrue(run.out().contains("inet 10.9.8.7/24"), run::toString);
  }

  @OnGatun
  void manyAddressesMove(Box box) {
    String many =
        DEVICES
            + " i=1; while [ $i -le 250 ]; do ip addr add 10.1.$i.1/24 dev out0; i=$((i+1)); done;";
    Bundle bundle = bundle(box, "{'out0': {'name': 'eth0'}}");
    bundle.script("ip addr show eth0 | grep -c 'inet 10.1.'");
    Command run = call(box, many, "", "run", "-b", bundle.write(), box.newId());
    assertEquals("250", run.expectSuccess().out());
  }
}
