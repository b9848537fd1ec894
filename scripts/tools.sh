# SPDX-License-Identifier: Apache-2.0
# Shared by ./unroll and ./verify, which set root and source this file; it sets java_home, maven and stamp.
# shellcheck shell=bash disable=SC2034,SC2154

die() {
  printf 'unroll: %s\n' "$*" >&2
  exit 1
}

# The feature release (17, 25, ...) of a Java home, from its release file when it has one: that spares a JVM start.
java_release() {
  local version=
  if [[ -r $1/release ]]; then
    version=$(sed -n 's/^JAVA_VERSION="\([^"]*\)".*/\1/p' "$1/release")
  fi
  if [[ -z $version ]]; then
    version=$("$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([^"]*\)".*/\1/p' | head -n 1) || true
  fi
  version=${version#1.}
  printf '%s\n' "${version%%[!0-9]*}"
}

# Sets java_home: JAVA_HOME, else where the java of PATH lies.
find_java() {
  local java release
  if [[ -n ${JAVA_HOME:-} ]]; then
    java_home=$JAVA_HOME
    [[ -x $java_home/bin/java ]] || die "JAVA_HOME is $JAVA_HOME, which has no bin/java; set it to a JDK of release 17 or newer"
  else
    java=$(command -v java) || die "no java found; install a JDK of release 17 or newer, or set JAVA_HOME to one"
    # A java that is a wrapper script, not a link, does not lie in its home: then it is asked.
    java_home=$(dirname "$(dirname "$(readlink -f "$java")")")
    if [[ ! -r $java_home/release ]]; then
      java_home=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p')
    fi
  fi
  release=$(java_release "$java_home")
  [[ ${release:-0} -ge 17 ]] || die "$java_home is Java ${release:-of unknown release}; a JDK of release 17 or newer is needed (set JAVA_HOME)"
}

# Sets maven: an installed mvn >= 3.8, else the wrapper.
find_maven() {
  local version major minor
  if command -v mvn >/dev/null; then
    version=$(mvn -B --version 2>/dev/null | sed -n 's/.*Apache Maven \([0-9.]*\).*/\1/p' | head -n 1)
    IFS=. read -r major minor _ <<<"$version"
    if ((${major:-0} > 3 || (${major:-0} == 3 && ${minor:-0} >= 8))); then
      maven=mvn
      return
    fi
  fi
  [[ -x $root/mvnw ]] || die "no Maven 3.8 or newer found (mvn is ${version:-absent}); install it and put mvn on PATH"
  maven=$root/mvnw
}

# Held until unlock_build, so that two builds never write the same files. Without flock there is no such guard.
lock_build() {
  if command -v flock >/dev/null; then
    exec 9>"$root/.build.lock"
    flock 9
  fi
}

unlock_build() {
  exec 9>&-
}

# Newer than every source that the last good build saw.
stamp=$root/cli/target/unroll.stamp

# The time before a build is what counts: a source saved while it runs is newer.
start_build() {
  touch "$root/.build.started"
}

finish_build() {
  mv "$root/.build.started" "$stamp"
}
