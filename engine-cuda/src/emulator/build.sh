#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the emulated driver: build.sh OUTDIR gives OUTDIR/libcuda.so.1;
# build.sh --tests OUTDIR gives OUTDIR/emulator-tests, the tests of the machine.
# CXX and CXXFLAGS may be set; JAVA_HOME tells where jni.h is.
set -euo pipefail

tests=false
if [ "${1:-}" = --tests ]; then
  tests=true
  shift
fi
output=$(realpath -m "${1:?usage: build.sh [--tests] OUTDIR}")
cd "$(dirname "$0")"
mkdir -p "$output/objects"

compiler=${CXX:-g++}
# No contraction. Rounding modes need no flag: a handler computes one operation between loads and
# stores that cannot pass the calls that set the mode (and with -frounding-math fma is not
# vectorised). Registers are read as several types.
flags=(-std=c++17 -ftree-vectorize -fvect-cost-model=dynamic -march=native -fPIC -pthread
  -ffp-contract=off -fno-trapping-math -fno-math-errno -fno-strict-aliasing
  -fvisibility=hidden -Wall -Wextra)
read -r -a extra <<< "${CXXFLAGS:-}"

sources=()
for source in *.cpp; do
  case $source in
    driver*.cpp | jni.cpp | stubs.cpp) $tests || sources+=("$source") ;;
    *) sources+=("$source") ;;
  esac
done
if $tests; then
  sources+=(tests/*.cpp)
fi
java=${JAVA_HOME:-$(dirname "$(dirname "$(realpath "$(command -v javac || command -v java || echo /)")")")}
includes=(-I. "-I$java/include" "-I$java/include/linux")

# Compiles what is older than its source or any header, as many at a time as there are processors;
# what runs for each instruction of a kernel is worth more of the compiler's time.
object() { echo "$output/objects/$(tr / - <<< "${1%.cpp}").o"; }
newest=$(ls -t $(find . -name "*.h") build.sh | head -n 1)
for source in $(ls -S "${sources[@]}"); do
  to=$(object "$source")
  if ! [ "$to" -nt "$source" ] || ! [ "$to" -nt "$newest" ]; then
    printf '%s\0%s\0' "$source" "$to"
  fi
done | xargs -0 -r -n 2 -P "$(nproc)" bash -c '
  case ${*: -2:1} in instructions_* | access.cpp | machine.cpp) level=-O2 ;; *) level=-O1 ;; esac
  "${@:1:$#-2}" $level -c "${*: -2:1}" -o "${*: -1}"
' _ "$compiler" "${flags[@]}" "${includes[@]}" "${extra[@]}"

objects=()
for source in "${sources[@]}"; do
  objects+=("$(object "$source")")
done
if $tests; then
  "$compiler" -pthread -o "$output/emulator-tests" "${objects[@]}"
else
  "$compiler" -shared -pthread -Wl,-soname,libcuda.so.1 -o "$output/libcuda.so.1" "${objects[@]}" -ldl
fi
