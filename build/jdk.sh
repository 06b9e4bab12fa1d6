# Sourced, in any POSIX shell: finds a JDK 25 or newer and exports JAVA_HOME, or says what to install and
# returns 1. Looks at JAVA_HOME, the PATH and /usr/lib/jvm, in this order; no JVM is started for it.

# $1 is the home of a JDK (not only of a runtime: the build links one), and its version is 25 or newer
gatun_is_jdk() {
  [ -x "$1/bin/javac" ] && [ -x "$1/bin/jlink" ] && [ -r "$1/release" ] || return 1
  while IFS='=' read -r gatun_key gatun_value; do
    if [ "$gatun_key" = JAVA_VERSION ]; then
      gatun_value=${gatun_value#\"}
      gatun_value=${gatun_value%%[!0-9]*}
      [ "${gatun_value:-0}" -ge 25 ]
      return
    fi
  done <"$1/release"
  return 1
}

gatun_find_jdk() {
  if [ -n "${JAVA_HOME:-}" ] && gatun_is_jdk "$JAVA_HOME"; then
    export JAVA_HOME
    return 0
  fi
  if gatun_javac=$(command -v javac) && gatun_javac=$(readlink -f "$gatun_javac"); then
    gatun_home=${gatun_javac%/bin/javac}
    if gatun_is_jdk "$gatun_home"; then
      export JAVA_HOME="$gatun_home"
      return 0
    fi
  fi
  for gatun_home in /usr/lib/jvm/*; do
    if [ ! -L "$gatun_home" ] && gatun_is_jdk "$gatun_home"; then
      export JAVA_HOME="$gatun_home"
      return 0
    fi
  done
  echo "gatun: no JDK 25 found in JAVA_HOME, the PATH or /usr/lib/jvm: install one (Debian 13, Ubuntu 25.10 and newer: apt-get install openjdk-25-jdk; elsewhere Eclipse Temurin's temurin-25-jdk) or set JAVA_HOME" >&2
  return 1
}
