#!/usr/bin/env bash
# Installs missing packages (Debian 12; root or sudo), builds the servers and the load generator, and measures. See README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/install.sh
install_packages g++ cmake ninja-build ccache libboost1.81-dev nlohmann-json3-dev catch2 libssl-dev python3 \
  libwebsocketpp-dev golang-go golang-github-gorilla-websocket-dev libbenchmark-dev
install_node

export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
cmake --preset release -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake --build build --target bench_server bench_load bench_peers
# Debian installs Go packages under /usr/share/gocode. Go finds them only in GOPATH mode, with modules off.
GOPATH=/usr/share/gocode GO111MODULE=off go build -o build/bin/bench_gorilla ./tests/bench/peers/gorilla
mkdir -p build/tests/bench/node
cp tests/bench/peers/node/* build/tests/bench/node
(cd build/tests/bench/node && npm ci --no-audit --no-fund --loglevel=error)
exec python3 -B tests/bench/bench.py build "$@"
