#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes planted.ptx; needs nvcc.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")"
nvcc -ptx -arch=compute_75 -o - planted.cu |
  sed -e 's/^\.version .*/.version 7.0/' -e '/^\/\//d' -e '/^$/d' \
    >../resources/dev/unroll/cuda/planted.ptx
