# Sourced, in any POSIX shell.

# whether the build in $1/dist is missing or older than what it was made of; 2 ms
gatun_is_stale() {
  [ -e "$1/dist/stamp" ] || return 0
  for gatun_module in native-bindings oci-spec cgroups netns runtime-core pods cli; do
    set -- "$@" "$1/$gatun_module/src/main" "$1/$gatun_module/pom.xml"
  done
  gatun_checkout=$1
  shift
  [ -n "$(find "$@" "$gatun_checkout/native-bindings/src/generated" "$gatun_checkout/pom.xml" \
    "$gatun_checkout/build" -newer "$gatun_checkout/dist/stamp" -print -quit)" ]
}
