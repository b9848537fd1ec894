#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes driver_stubs.h: every entry point that JCuda's driver library imports. Those that the
# emulated driver implements replace their stubs, which are weak. Run it when JCuda changes.
# usage: generate-stubs.sh libJCudaDriver-VERSION-linux-x86_64.so
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
{
  echo "// SPDX-License-Identifier: Apache-2.0"
  echo
  echo "// Made by generate-stubs.sh from $(basename "$1")"
  nm -D --undefined-only "$1" | awk '$2 ~ /^cu[A-Z]/ { print "STUB(" $2 ")" }' | LC_ALL=C sort -u
} >"$here/driver_stubs.h"
