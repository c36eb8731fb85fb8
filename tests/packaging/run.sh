#!/usr/bin/env bash
# run.sh WAY SOURCE TREE WORK: gets the library in one of the ways of README.md, as a user would, builds the consumer
# and runs it. SOURCE is the project, TREE a built tree of it, WORK a folder for what comes of it. Compiler, flags and
# generator come from CMake's own variables of the environment.
set -euo pipefail

way=$1 source=$2 tree=$3 all=$4 work=$4/$1
consumer=$source/tests/packaging/consumer
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "packaging: $way: $*" >&2
  exit 1
}

# install TREE PREFIX: the prefix names neither itself nor where it was built.
install() {
  cmake --install "$1" --prefix "$2" >"$work/install.log" || fail "cmake --install: $(tail -n 20 "$work/install.log")"
  if grep -rnF -e "$2" -e "$source" -e "$tree" --include='*.cmake' --include='*.pc' "$2"; then
    fail "the installed files above name a path of this machine"
  fi
}

# configure NAME ARGUMENT…: the consumer.
configure() {
  local name=$1
  shift
  cmake -S "$consumer" -B "$work/$name" "$@" >"$work/$name.log" 2>&1
}

# build_and_run ARGUMENT…: configures, builds and runs the consumer.
build_and_run() {
  configure build "$@" || fail "configuring: $(cat "$work/build.log")"
  cmake --build "$work/build" >"$work/make.log" 2>&1 || fail "building: $(tail -n 40 "$work/make.log")"
  "$work/build/consumer" || fail "the consumer failed"
}

# refuse NAME PATTERN ARGUMENT…: configuring the consumer fails, and says why.
refuse() {
  local name=$1 pattern=$2
  shift 2
  if configure "$name" "$@"; then fail "$name: configuring should have failed"; fi
  grep -q "$pattern" "$work/$name.log" || fail "$name: no word of '$pattern': $(cat "$work/$name.log")"
}

# expect_cache TREE LINE: an entry of its cache.
expect_cache() {
  grep -qx "$2" "$1/CMakeCache.txt" || fail "$1 was not configured with $2"
}

case $way in
  installed)
    install "$tree" "$work/prefix"
    build_and_run -DCMAKE_PREFIX_PATH="$work/prefix"
    ;;
  moved)
    install "$tree" "$work/prefix"
    mv "$work/prefix" "$work/another place"
    build_and_run -DCMAKE_PREFIX_PATH="$work/another place"
    ;;
  build_tree)
    build_and_run -Dws_DIR="$tree"
    ;;
  add_subdirectory) # compiles the library: unoptimised, in large units, without TLS, and shared, for the way below
    CXXFLAGS="${CXXFLAGS:-} -O0" build_and_run -DWS_WAY=add_subdirectory -DWS_CHECKOUT="$source" -DBUILD_SHARED_LIBS=ON \
      -DWS_WITH_TLS=OFF -DCMAKE_UNITY_BUILD=ON
    ;;
  shared)
    install "$all/add_subdirectory/build" "$work/prefix"
    build_and_run -DCMAKE_PREFIX_PATH="$work/prefix"
    ldd "$work/build/consumer" >"$work/ldd.log"
    grep -qF "=> $work/prefix/" "$work/ldd.log" || fail "libws.so is not the installed one: $(cat "$work/ldd.log")"
    ;;
  fetch_content) # configures only: the compilation would be that of add_subdirectory
    tar -czf "$work/ws.tar.gz" -C "$source" CMakeLists.txt cmake include src
    configure build -DWS_WAY=fetch_content -DWS_CHECKOUT="$work" || fail "configuring: $(cat "$work/build.log")"
    ;;
  pkg_config)
    install "$tree" "$work/prefix"
    mv "$work/prefix" "$work/moved"
    pc=$(find "$work/moved" -name ws.pc)
    export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    # shellcheck disable=SC2046,SC2086 # both are lists of arguments
    ${CXX:-c++} -std=c++20 ${CXXFLAGS:-} "$consumer/main.cpp" -o "$work/consumer" $(pkg-config --cflags --libs ws) ${LDFLAGS:-}
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir ws) "$work/consumer" || fail "the consumer failed"
    ;;
  versions) # before 1.0 each minor version is a series of its own
    version=$(sed -n 's/^set(PACKAGE_VERSION "\(.*\)")$/\1/p' "$tree/wsConfigVersion.cmake")
    IFS=. read -r major minor _ <<<"$version"
    configure same -Dws_DIR="$tree" -DWS_WANTED_VERSION="$major.$minor" || fail "refused: $(cat "$work/same.log")"
    refuse next_minor "version: $version" -Dws_DIR="$tree" -DWS_WANTED_VERSION="$major.$((minor + 1))"
    refuse next_major "version: $version" -Dws_DIR="$tree" -DWS_WANTED_VERSION="$((major + 1)).0"
    ;;
  tls) # a consumer of the archive needs OpenSSL as well; without OpenSSL the library configures without TLS
    if grep -qx 'WS_WITH_TLS:BOOL=\(ON\|TRUE\|1\)' "$tree/CMakeCache.txt" && [ -e "$tree/src/libws.a" ]; then
      refuse no_openssl 'wsConfig.cmake:[0-9]* (find_dependency)' -Dws_DIR="$tree" -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON
    fi
    for off in WS_WITH_TLS=OFF CMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON; do
      configure "$off" -DWS_WAY=add_subdirectory -DWS_CHECKOUT="$source" "-D$off" || fail "$off: $(cat "$work/$off.log")"
      expect_cache "$work/$off" 'WS_WITH_TLS:BOOL=OFF'
      if grep -q OpenSSL:: "$work/$off/ws/wsTargets.cmake"; then fail "$off: the targets name OpenSSL"; fi
    done
    ;;
  *)
    fail "is no way"
    ;;
esac
