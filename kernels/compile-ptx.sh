#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Compiles the device sources to the PTX that ships in engine-cuda. Run it after a change to
# kernels/device, with the nvcc that the first line of the PTX names or a newer one.
# usage: compile-ptx.sh [OUTPUT.ptx]   compile-ptx.sh --hash (of the sources; needs no nvcc)
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
output=$(realpath -m -- "${1:-$here/../engine-cuda/src/main/resources/dev/unroll/cuda/unroll.ptx}")
cd "$here/device"
sources=(portable_cuda.h functions.cl cuda/operands.cu elementwise.cl dropout.cl element_loss.cl
  cuda/lanes.cu sums.cl rows.cl cross_entropy.cl matmul.cl recurrent.cl index.cl optimisers.cl
  probe.cl cuda/matmul_tiles.cu)
# 177: the line of an activation may use less than what its loop offers.
flags=(-arch=compute_75 --fmad=false --prec-div=true --prec-sqrt=true --ftz=false
  -Werror all-warnings -diag-suppress 177)
# What drivers from CUDA 11.0 on accept; compiled below, so that nothing in the PTX needs a newer one.
isa=7.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for source in "${sources[@]}"; do
  echo "#line 1 \"$source\""
  cat "$source"
done >"$work/unroll.cu"
hash=$(sha256sum <"$work/unroll.cu" | cut -d ' ' -f 1)
if [[ ${1:-} == --hash ]]; then
  echo "$hash"
  exit
fi
nvcc -ptx "${flags[@]}" -o "$work/nvcc.ptx" "$work/unroll.cu"
{
  echo "// Made by kernels/compile-ptx.sh; nvcc $(nvcc --version | sed -n 's/.*, V\([0-9.]*\)$/\1/p')"
  echo "// Sources: $hash"
  sed -e "s/^\.version .*/.version $isa/" -e '/^\/\//d' -e '/^$/d' "$work/nvcc.ptx"
} >"$work/unroll.ptx"
ptxas -arch=sm_75 -o /dev/null "$work/unroll.ptx"

mkdir -p "$(dirname "$output")"
mv "$work/unroll.ptx" "$output"
echo "compile-ptx: $(grep -c '\.entry' "$output") kernels in $output"
