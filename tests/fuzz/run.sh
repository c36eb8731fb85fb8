#!/usr/bin/env bash
# run.sh BUILD_FOLDER SECONDS: gives each fuzzer so long, from its seeds, two at a time. A finding ends the run, and lies
# in the build folder with the fuzzer's log.
set -euo pipefail
export build=$1 seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
# iequals of Boost 1.81 reads a byte past the end (Beast #2962); by name, and nothing wider.
export ASAN_OPTIONS=suppressions="$here/../support/asan.supp"

fuzz() {
  local seeds=$1 name corpus
  name=$(basename "$seeds")
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  if ! "$build/bin/${name}_fuzz" -max_total_time="$seconds" -max_len=8192 -print_final_stats=1 -verbosity=0 \
      -artifact_prefix="$build/$name-" "$corpus" "$seeds" > "$build/$name.log" 2>&1; then
    cat "$build/$name.log"
    return 255  # ends xargs
  fi
  echo "== $name, $seconds s:$(sed -n 's/^stat::number_of_executed_units: / /p' "$build/$name.log") runs"
}
export -f fuzz

printf '%s\0' "$here"/seeds/*/ | xargs -0 -n 1 -P 2 bash -c 'fuzz "$0"'
echo "fuzzers: no finding"
