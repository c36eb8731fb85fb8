#!/usr/bin/env bash
# Installs missing packages (Debian 12; needs root or sudo), builds the terminal, and starts it on loopback. It prints its
# URL. Arguments are passed on to it: --port, --workspace DIR, --auth token|none, --allow-origin ORIGIN, --help.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/support/install.sh"
install_packages g++ cmake ninja-build libboost1.81-dev nlohmann-json3-dev libssl-dev
install_node

cmake -S "$top" -B "$top/build-terminal" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWS_BUILD_TESTS=OFF -DWS_BUILD_EXAMPLES=ON
cmake --build "$top/build-terminal" --target repl_terminal
exec "$top/build-terminal/bin/repl_terminal" "$@"
