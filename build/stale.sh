# Sourced, in any POSIX shell.

# whether the build in $1/dist is missing or older than what it was made of; 2 ms
gatun_is_stale() {
  [ -e "$1/dist/stamp" ] || return 0
  for gatun_module in native-bindings oci-spec cgroups netns runtime-core pods cli; do
    set -- "$@" "$1/$gatun_module/src/main" "$1/$gatun_module/pom.xml"
  done
  set -- "$@" "$1/pom.xml" "$1/build"
  [ ! -d "$1/native-bindings/src/generated" ] || set -- "$@" "$1/native-bindings/src/generated"
  gatun_checkout=$1
  shift
  [ -n "$(find "$@" -newer "$gatun_checkout/dist/stamp" -print -quit)" ]
}
