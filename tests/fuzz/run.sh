#!/usr/bin/env bash
# run.sh BUILD_FOLDER SECONDS: runs each fuzzer with its seeds for so many seconds, two in parallel. A finding ends the run. The
# build folder then contains the failing input and the fuzzer's log.
set -euo pipefail
export build=$1 seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
# iequals of Boost 1.81 reads a byte past the end (Beast #2962). The suppression names only this function.
export ASAN_OPTIONS=suppressions="$here/../support/asan.supp"

fuzz() {
  local seeds=$1 name corpus
  name=$(basename "$seeds")
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  if ! "$build/bin/${name}_fuzz" -max_total_time="$seconds" -max_len=8192 -print_final_stats=1 -verbosity=0 \
      -artifact_prefix="$build/$name-" "$corpus" "$seeds" > "$build/$name.log" 2>&1; then
    cat "$build/$name.log"
    return 255  # makes xargs stop
  fi
  echo "== $name, $seconds s:$(sed -n 's/^stat::number_of_executed_units: / /p' "$build/$name.log") runs"
}
export -f fuzz

printf '%s\0' "$here"/seeds/*/ | xargs -0 -n 1 -P 2 bash -c 'fuzz "$0"'
echo "fuzzers: no finding"
