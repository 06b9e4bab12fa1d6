#!/bin/bash
# Builds dist/: dist/bin/gatun, the static ELF that users and callers start, and dist/lib/gatun, the Java
# image behind it, with a class-data archive that fits it.
#
#   build/dist.sh [--if-stale | --packaged-since FILE]
#
#   --if-stale             do nothing when dist/ is newer than the sources
#   --packaged-since FILE  Maven has already packaged the modules, starting when FILE was last changed
#
# Run as root in somebody else's checkout (sudo), it works as that somebody, so that the checkout stays usable.
set -euo pipefail
umask 022

here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$here")
cd "$root"

main=dev.gatun.cli/dev.gatun.cli.Main
emit=dev.gatun.cli/dev.gatun.cli.EmitCaller
# Measured: see docs/benchmarks.md.
options='-Xint -XX:+UseSerialGC -XX:-UsePerfData -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0'

if_stale=false
packaged_since=
case ${1:-} in
  '') ;;
  --if-stale) if_stale=true ;;
  --packaged-since) packaged_since=$2 ;;
  *)
    echo "dist.sh: unknown option \"$1\"" >&2
    exit 1
    ;;
esac

. "$here/jdk.sh"
gatun_find_jdk || exit 1

owner=$(stat -c %u .)
if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
  # What an earlier build may have made as root is in the owner's way.
  for made in dist */target target; do
    [ ! -e "$made" ] || chown -hR --from=0 "$owner:$(stat -c %g .)" "$made"
  done
  if name=$(id -nu "$owner" 2>/dev/null); then
    exec runuser -u "$name" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" JAVA_HOME="$JAVA_HOME" \
      "$here/dist.sh" "$@"
  fi
  trap 'chown -hR "$owner:$(stat -c %g .)" dist */target' EXIT
fi

say() { echo "gatun: $*" >&2; }

# One build at a time: whoever waited finds the other's build and uses it. The lock is on the checkout itself.
exec 9<.
if ! flock --nonblock 9; then
  say "waiting for another build of this checkout"
  flock 9
fi
. "$here/stale.sh"
if $if_stale && ! gatun_is_stale "$root"; then
  exit 0
fi

mkdir -p dist
rm -rf dist/new
mkdir -p dist/new/bin dist/new/lib
# Older than the result: a source that is changed from now on makes the next call build again.
touch ${packaged_since:+-r "$packaged_since"} dist/new/stamp

if [ -z "$packaged_since" ]; then
  say "building with $JAVA_HOME (the first time takes a minute or two)"
  # Only what the binary consists of.
  if ! ./mvnw -B -ntp -pl cli -am package -Dmaven.test.skip=true 9<&- 2>&1 | tee dist/maven.log |
    sed -un 's/^\[INFO\] Building Gatun \(.*\) [0-9][^ ]* *\[\(.*\)\]$/gatun: \2 \1/p' >&2; then
    grep -E '^(\[(ERROR|WARNING)\]|mvnw:|gatun:)' dist/maven.log | head -n 40 >&2
    say "the build failed; all that Maven said is in dist/maven.log"
    exit 1
  fi
fi

say "linking the Java image"
modules=
for module in native-bindings oci-spec cgroups netns runtime-core pods cli; do
  modules=$modules${modules:+:}$(echo "$root/$module/target/gatun-$module"-*[0-9T].jar)
done
image=dist/new/lib/gatun
"$JAVA_HOME/bin/jlink" --module-path "$modules" --add-modules dev.gatun.cli --output "$image" \
  --strip-debug --no-header-files --no-man-pages --add-options "$options"

say "writing the binary"
"$image/bin/java" -m "$emit" "$(uname -m)" dist/new/bin/gatun
chmod 755 dist/new/bin/gatun

say "recording the classes that a command needs"
# A stand-in for the image's java writes down the classes of each start while the commands run.
lists=$root/dist/new/classes
mkdir "$lists"
mv "$image/bin/java" "$image/bin/java.real"
cat >"$image/bin/java" <<END
#!/bin/sh
exec "$root/$image/bin/java.real" -XX:DumpLoadedClassList="$lists/%p" "\$@"
END
chmod 755 "$image/bin/java"
"$here/training.sh" "$root/dist/new/bin/gatun" "$root" || {
  say "build/training.sh failed"
  exit 1
}
mv "$image/bin/java.real" "$image/bin/java"
# Classes of our own that no command has touched here are listed all the same: a build without root cannot create a
# container. Only what needs FFM is left out, as no command does.
for jar in ${modules//:/ }; do
  "$JAVA_HOME/bin/jar" --list --file "$jar" | sed -n 's/\.class$//p'
done | grep -v -e '^module-info$' -e '/package-info$' -e '^dev/gatun/linux/\(local\|x86_64\|aarch64\)/' >"$lists/own"
# One list: each class once, without the number that it had in its own list, then what is said about them.
cat "$lists"/* | awk '
  /^#/ { next }
  /^@/ { if (!($0 in said)) { said[$0]; about[++n] = $0 } next }
  !($1 in seen) { seen[$1]; print $1 }
  END { for (i = 1; i <= n; i++) print about[i] }' >dist/new/classes.list
rm -r "$lists"

# Classes that are linked when the archive is made, and lambdas with them: docs/benchmarks.md has what it saves.
"$image/bin/java" -XX:+AOTClassLinking -Xshare:dump -XX:SharedClassListFile=dist/new/classes.list -m "$main" >dist/new/archive.log 2>&1 || {
  cat dist/new/archive.log >&2
  exit 1
}
rm dist/new/archive.log

# The stamp goes first and comes last: a build that is killed here is done again.
rm -rf dist/stamp dist/old
mkdir dist/old
for part in bin lib classes.list; do
  [ ! -e "dist/$part" ] || mv "dist/$part" dist/old/
  mv "dist/new/$part" dist/
done
# The JVM refuses an archive of another JVM, but of the classes in its own image it trusts the archive more than the
# image: an old archive beside a new image runs the old code, in silence. So they are made together and moved
# together, and how they belong together is written down, for ./test to check.
(cd dist/lib/gatun && sha256sum lib/modules lib/server/classes.jsa >lib/server/classes.sha256)
if ! dist/lib/gatun/bin/java -Xshare:on -XX:+PrintSharedArchiveAndExit -m "$main" >dist/new/check.log 2>&1 ||
  ! grep -q " ${main#*/} " dist/new/check.log; then
  tail -n 20 dist/new/check.log >&2
  say "the class-data archive does not fit the image"
  exit 1
fi
mv dist/new/stamp dist/stamp
rm -rf dist/new dist/old
say "done: dist/bin/gatun"
