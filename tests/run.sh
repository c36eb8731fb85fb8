#!/usr/bin/env bash
# Installs missing packages (Debian 12; root or sudo), builds everything optimised in build/, and runs every test.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/support/install.sh
install_packages g++ cmake ninja-build ccache pkg-config git libboost1.81-dev nlohmann-json3-dev catch2 libssl-dev openssl \
  libvalijson-dev python3 python3-websockets procps curl
install_node
install_packages chromium

# Lets ccache reuse results of another folder, for example of another clone.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
cmake --preset release -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
cmake --build build
ctest --test-dir build --no-tests=error --output-on-failure --parallel 2 "$@"
