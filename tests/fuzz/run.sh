#!/usr/bin/env bash
# run.sh BUILD_FOLDER SECONDS: gives each fuzzer so long, from its seeds; a finding ends the run and is kept there.
set -euo pipefail
build=$1 seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
for seeds in "$here"/seeds/*/; do
  name=$(basename "$seeds")
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  echo "== $name, $seconds s"
  # iequals of Boost 1.81 reads a byte past the end (Beast #2962); by name, and nothing wider.
  ASAN_OPTIONS=suppressions="$here/../support/asan.supp" \
    "$build/bin/${name}_fuzz" -max_total_time="$seconds" -max_len=8192 -print_final_stats=0 -verbosity=0 \
    -artifact_prefix="$build/" "$corpus" "$seeds"
done
echo "fuzzers: no finding"
