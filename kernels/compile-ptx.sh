#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Compiles the device sources to PTX with nvcc and checks that the arithmetic in it is exact: no double
# precision, no approximate or flushing instructions, no min/max, and every float operation rounded to
# nearest by itself. usage: compile-ptx.sh OUTPUT.ptx
set -euo pipefail

output=$(realpath -m "${1:?usage: compile-ptx.sh OUTPUT.ptx}")
cd "$(dirname "$0")/device"
sources=(portable_cuda.h functions.cl elementwise.cl dropout.cl element_loss.cl sums.cl rows.cl
  cross_entropy.cl matmul.cl recurrent.cl index.cl optimisers.cl probe.cl)

trap 'rm -f "$output.cu"' EXIT
for source in "${sources[@]}"; do
  echo "#line 1 \"$source\""
  cat "$source"
done > "$output.cu"
# 177: the line of an activation may use less than what its loop offers.
nvcc -ptx -arch=compute_75 --fmad=false --prec-div=true --prec-sqrt=true --ftz=false \
  -Werror all-warnings -diag-suppress 177 -x cu -o "$output" "$output.cu"

inexact='\.f64|\.approx|\.ftz|(min|max)\.f32|(add|sub|mul|div|fma)\.f32|(add|sub|mul|div|sqrt|fma|mad)\.(rz|rm|rp)|mad\.(rn\.)?f32|sqrt\.f32'
if grep -nE "$inexact" "$output"; then
  echo "compile-ptx: $output has the inexact instructions above" >&2
  exit 1
fi
echo "compile-ptx: $(grep -c '^\.visible \.entry\|^[[:space:]]*\.entry' "$output") kernels in $output, arithmetic exact"
