package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The mount option {@code tmpcopyup}, which podman uses for what an image has in a tmpfs's place.
 */
class TmpCopyUpTest {
  private static final String SHOW =
      "cd /img; find . | sort | while read f; do stat -c '%n %a %u %g %F %t %T %N' \"$f\"; done;"
          + " md5sum big .hidden; cat a/b/c/deep";

  private static Bundle image(Box box, String... options) {
    Bundle bundle = box.bundle().writable();
    bundle.file("img/file", "content", "640");
    bundle.file("img/.hidden", "hidden", "600");
    bundle.file("img/big", "0123456789abcdef".repeat(20_000), "444");
    bundle.file("img/a/b/c/deep", "deep", "644");
    bundle.file("img/empty", "", "604");
    bundle.makeDirectory("img/void");
    Path img = bundle.rootfs().resolve("img");
    bundle.symlink("img/link", "/etc/shadow").symlink("img/a/up", "../file");
    if (!box.isRunc()) {
      // runc 1.1 fails on what is neither a file nor a directory nor a link.
      Host.run("mkfifo", "-m", "622", img.resolve("fifo").toString());
      Host.run("mknod", "-m", "620", img.resolve("node").toString(), "c", "1", "5");
    }
    Host.run("chown", "5:6", img.resolve("file").toString());
    Host.run("chmod", "6711", img.resolve("file").toString());
    Host.run("chown", "-h", "8:9", img.resolve("link").toString());
    Host.run("chown", "1000:1001", img.resolve("a/b").toString());
    // runc 1.1 leaves group write and set-group-ID of a directory to the umask.
    Host.run("chmod", box.isRunc() ? "1750" : "3770", img.resolve("a/b").toString());
    Host.run("ln", img.resolve("big").toString(), img.resolve("hard").toString());
    Host.run("chmod", "751", img.toString());
    return bundle.mount("/img", "tmpfs", "tmpfs", options);
  }

  private static String original(Bundle bundle) {
    return Host.run("/bin/sh", "-c", SHOW.replace("cd /img", "cd " + bundle.rootfs() + "/img"));
  }

  private static List<String> lines(String text) {
    // GNU's find and busybox's write the same; their ls -N does not quote alike.
    return text.replace("'", "").replace("‘", "").replace("’", "").lines().toList();
  }

  @OnEveryRuntime
  void whatTheDirectoryHasIsInTheTmpfs(Box box) {
    Bundle bundle = image(box, "tmpcopyup", "nosuid", "nodev");
    allow(bundle);
    assertEquals(lines(original(bundle)), lines(box.output(bundle, SHOW)));
  }

  private static void allow(Bundle bundle) {
    // Files of other users are read too.
    for (String set : new String[] {"bounding", "effective", "permitted"}) {
      ((com.fasterxml.jackson.databind.node.ArrayNode)
              bundle.config().at("/process/capabilities/" + set))
          .add("CAP_DAC_OVERRIDE");
    }
  }

  @OnEveryRuntime
  void theImageStaysAsItIs(Box box) throws IOException {
    Bundle bundle = image(box, "tmpcopyup");
    allow(bundle);
    String before = original(bundle);
    box.output(bundle, "echo other > /img/file; rm -r /img/a; mount | grep ' /img '");
    assertEquals(before, original(bundle));
    assertEquals("content", Files.readString(bundle.rootfs().resolve("img/file")));
  }

  @OnEveryRuntime
  void aReadOnlyTmpfsIsFilledFirst(Box box) {
    Bundle bundle = image(box, "tmpcopyup", "ro");
    allow(bundle);
    String out = box.output(bundle, "cat /img/file; touch /img/x 2>&1; true");
    assertTrue(out.contains("content") && out.contains("Read-only"), out);
  }

  @OnEveryRuntime
  void whatDoesNotFitFailsCreate(Box box) {
    Bundle bundle = image(box, "tmpcopyup", "size=16k");
    box.run(bundle).expectFailure("no space left on device", "/img");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aDirectoryThatIsNotThereIsMade(Box box) {
    Bundle bundle = box.bundle().mount("/new/place", "tmpfs", "tmpfs", "tmpcopyup");
    assertEquals("/new/place", box.output(bundle, "cd /new/place; ls -A; pwd"));
  }

  @OnEveryRuntime
  void aLinkAsTargetIsFollowedInTheRoot(Box box) {
    Bundle bundle = image(box);
    bundle.mounts().remove(bundle.mounts().size() - 1);
    bundle.symlink("alias", "/img").mount("/alias", "tmpfs", "tmpfs", "tmpcopyup");
    allow(bundle);
    assertEquals("content", box.output(bundle, "cat /img/file"));
  }

  @OnEveryRuntime
  void manyEntriesAndDeepDirectoriesAreCopied(Box box) {
    Bundle bundle = box.bundle();
    Path img = bundle.makeDirectory("img");
    Host.run(
        "/bin/sh",
        "-c",
        "cd "
            + img
            + "; i=0; while [ $i -lt 600 ]; do mkdir d$i; : > d$i/a-rather-long-file-name-$i;"
            + " i=$((i+1)); done; p=.; i=0; while [ $i -lt 40 ]; do p=$p/x; mkdir $p; i=$((i+1));"
            + " done; echo end > $p/end");
    bundle.mount("/img", "tmpfs", "tmpfs", "tmpcopyup");
    String count = "find /img | wc -l; cat $(find /img -name end)";
    assertEquals("1242\nend", box.output(bundle, count));
  }

  @OnGatun
  void theModeIsTheDirectorysUnlessItIsGiven(Box box) {
    // runc 1.1 takes the directory's in spite of mode=, later ones do as this.
    Bundle bundle = image(box, "tmpcopyup", "mode=700");
    assertEquals("700", box.output(bundle, "stat -c %a /img"));
    Bundle plain = image(box);
    assertEquals("751", box.output(plain, "stat -c %a /img"));
  }

  @OnGatun
  void itIsForANewTmpfsOnly(Box box) {
    Path shared = box.hostDirectory("shared");
    Bundle bind = box.bundle().bind(shared, "/mnt", "tmpcopyup");
    int index = bind.mounts().size() - 1;
    box.run(bind).expectFailure("tmpcopyup", "[config.json /mounts/" + index + "/options/0]");
    Bundle other = box.bundle().mount("/mnt", "ramfs", "ramfs", "tmpcopyup");
    box.run(other).expectFailure("tmpcopyup");
    Bundle tooDeep = box.bundle();
    tooDeep.makeDirectory("img" + "/x".repeat(70));
    tooDeep.mount("/img", "tmpfs", "tmpfs", "tmpcopyup");
    box.run(tooDeep).expectFailure("nested", "ELOOP");
    box.expectNothingLeft();
  }

  /** Somebody who shares the directory swaps entries for links while they are copied. */
  @OnGatun
  void nothingOutsideIsReadHoweverTheDirectoryChanges(Box box) throws IOException {
    Path secret = box.hostFile("secret", "the host's secret");
    Bundle bundle = box.bundle();
    Path img = bundle.makeDirectory("img");
    bundle.mount("/img", "tmpfs", "tmpfs", "tmpcopyup");
    String race =
        "cd "
            + img
            + "; while :; do for i in 1 2 3 4 5 6 7 8; do ln -sfn "
            + secret
            + " f$i; rm f$i; echo own > f$i; rm -f f$i; mkdir f$i; rmdir f$i; done; done";
    Command racer = box.launch(box.directory(), java.util.Map.of(), List.of("/bin/sh", "-c", race));
    try {
      String show = "cd /img; for f in *; do test -L $f || cat $f 2>/dev/null; done";
      int copied = 0;
      for (int i = 0; i < 15; i++) {
        Command run = box.run(bundle.script(show));
        assertFalse(run.out().contains("secret"), run::toString);
        copied += run.exit() == 0 ? 1 : 0;
      }
      assertTrue(copied > 0, "none of them ran");
    } finally {
      racer.kill();
    }
  }
}
